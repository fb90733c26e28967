const PROTOTYPES = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  Promise.prototype,
  RegExp.prototype,
  Error.prototype,
  Uint8Array.prototype,
  Buffer.prototype,
];
const clean = PROTOTYPES.map((prototype) => descriptorsOf(prototype));

/** Throws when a prototype that everybody shares has gained or lost a property, and puts it in order again. */
export function refusePollution(): void {
  const changed = PROTOTYPES.filter(
    (prototype, index) => Reflect.ownKeys(prototype).length !== clean[index]!.size,
  );
  if (changed.length > 0) refuseChanges();
}

/** Throws when any property of such a prototype is not what it was. Thorough, and slower. */
export function refuseChanges(): void {
  PROTOTYPES.forEach((prototype, index) => {
    const before = clean[index]!;
    const now = descriptorsOf(prototype);
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter(
      (key) => !isSame(before.get(key), now.get(key)),
    );
    for (const key of changed) {
      const original = before.get(key);
      if (original) Object.defineProperty(prototype, key, original);
      else Reflect.deleteProperty(prototype, key);
    }
    if (changed.length > 0) {
      const { name } = prototype.constructor;
      throw new Error(`${name}.prototype has been polluted: ${changed.map(String).join(', ')}`);
    }
  });
}

function descriptorsOf(prototype: object): Map<string | symbol, PropertyDescriptor> {
  return new Map(
    Reflect.ownKeys(prototype).map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)!]),
  );
}

function isSame(one: PropertyDescriptor | undefined, other: PropertyDescriptor | undefined): boolean {
  return one?.value === other?.value && one?.get === other?.get && one?.set === other?.set;
}
