export default function keepTemporaryFilesInMemory(): void;
