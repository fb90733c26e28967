const paths = {
  podium: '<path d="M9 20V9.5h6V20M9 13.5H4V20h16v-4h-5"/><circle cx="12" cy="5" r="1.5"/>',
  screen: '<rect x="3" y="4.5" width="18" height="12" rx="1.5"/><path d="M8 20.5h8M12 16.5v4"/>',
  exit: '<path d="M10 4.5H5.5v15H10M15 8l4 4-4 4M19 12H9.5"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  close: '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
  again: '<path d="M4.5 12a7.5 7.5 0 1 0 2.3-5.400L4.5 9M4.5 4.5V9H9"/>',
  crown: '<path d="m4 8 4.200 3.600L12 5.5l3.800 6.1L20 8l-1.5 10h-13z"/>',
} as const;

export type IconName = keyof typeof paths;

/** An icon as inline SVG, so that it takes the colour of its text. It says nothing: the text beside it does. */
export function icon(name: IconName): string {
  return `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths[name]}</svg>`;
}
