// Whether a value is sound by a JSON Schema, and nothing about why not: a predicate put together from the keywords that
// the topology's schema uses. It spares a valid topology the validator that explains, at start and at every item.

type Check = (value: unknown) => boolean;
type Schema = Readonly<Record<string, unknown>>;

/** The predicate of a schema without references; throws at a keyword it does not know. */
export function compileCheck(schema: Schema): Check {
  const checks = [typeCheck(schema), objectCheck(schema)];
  for (const keyword of Object.keys(schema)) {
    if (ofObjects.has(keyword) || keyword === 'type') continue;
    const compile = compilers[keyword];
    if (compile === undefined) throw new Error(`the schema keyword ${keyword} is not known here`);
    checks.push(compile(schema[keyword]));
  }
  return conjunction(checks.filter((check) => check !== null));
}

const ofObjects: ReadonlySet<string> = new Set(['properties', 'additionalProperties', 'required']);

const compilers: Readonly<Record<string, (operand: unknown) => Check>> = {
  enum: (operand) => {
    const allowed = new Set(operand as unknown[]);
    return (value) => allowed.has(value);
  },
  minimum: (operand) => (value) => typeof value !== 'number' || value >= (operand as number),
  maximum: (operand) => (value) => typeof value !== 'number' || value <= (operand as number),
  minItems: (operand) => (value) => !Array.isArray(value) || value.length >= (operand as number),
  items: (operand) => {
    const check = compileCheck(operand as Schema);
    return (value) => !Array.isArray(value) || value.every(check);
  },
};

const types: Readonly<Record<string, Check>> = {
  string: (value) => typeof value === 'string',
  number: (value) => Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
};

function typeCheck({ type }: Schema): Check | null {
  if (type === undefined) return null;
  const checks = [type].flat().map((name) => types[name as string]!);
  return checks.length === 1 ? checks[0]! : (value) => checks.some((check) => check(value));
}

/** All that is said of an object's keys, in one walk over them. */
function objectCheck(schema: Schema): Check | null {
  const { properties = {}, additionalProperties = true, required = [] } = schema;
  const known = new Map(
    Object.entries(properties as Record<string, Schema>).map(([key, of]) => [key, compileCheck(of)]),
  );
  const others: Check =
    typeof additionalProperties === 'object'
      ? compileCheck(additionalProperties as Schema)
      : () => additionalProperties as boolean;
  const needed = required as readonly string[];
  if (![...ofObjects].some((keyword) => keyword in schema)) return null;
  return (value) => {
    if (!isObject(value)) return true;
    const object = value as Readonly<Record<string, unknown>>;
    for (const key in object) if (!(known.get(key) ?? others)(object[key])) return false;
    for (const key of needed) if (object[key] === undefined) return false;
    return true;
  };
}

function conjunction(checks: readonly Check[]): Check {
  const [first, second] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return checks.length === 2
    ? (value) => first(value) && second(value)
    : (value) => checks.every((check) => check(value));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
