// Where each part of a tree of values stands. Offsets lie in one flat array a file, and the containers that hold no other
// ones, by far the most, are looked up only when something in one is asked for: usually when it is wrong.
import { NOWHERE, type Place, placeAt } from '../../state/place.ts';

/** Containers, and where in the offsets each one's begin. */
interface Index {
  readonly containers: object[];
  readonly starts: number[];
}

/**
 * The offsets of one file, container by container: its own, then for a list each item's, for a map each entry's key and
 * value in the order of Object.keys. A block collection begins at its key, so that its place is the line that names it.
 */
export interface FileNotes {
  readonly offsets: Uint32Array;
  /** Containers that hold containers. */
  readonly inner: Index;
  /** Containers that hold scalars only. */
  readonly leaves: Index;
}

/** Takes the notes of one file while it is read: a container is opened, its offsets noted, and closed after its parts. */
export class NoteTaker {
  readonly #inner: Index = { containers: [], starts: [] };
  readonly #leaves: Index = { containers: [], starts: [] };
  /** The offsets of the containers that are open, each one's behind its parent's; the first `#height` count. */
  readonly #open: number[] = [];
  #height = 0;
  #offsets = new Uint32Array(1024);
  #length = 0;
  #closed = 0;

  /** Opens a container that begins at an offset; returns what close takes. */
  open(offset: number): number {
    this.note(offset);
    return this.#height - 1;
  }

  note(offset: number): void {
    this.#open[this.#height++] = offset;
  }

  /** How many containers are closed: more than at the opening of one tell that it holds some. */
  get closed(): number {
    return this.#closed;
  }

  close<Container extends object>(opened: number, container: Container, holdsContainers: boolean): Container {
    const { containers, starts } = holdsContainers ? this.#inner : this.#leaves;
    containers.push(container);
    starts.push(this.#length);
    this.#closed++;
    this.#reserve(this.#height - opened);
    for (let at = opened; at < this.#height; at++) this.#offsets[this.#length++] = this.#open[at]!;
    this.#height = opened;
    return container;
  }

  finish(): FileNotes {
    return {
      offsets: this.#offsets.slice(0, this.#length),
      inner: this.#inner,
      leaves: this.#leaves,
    };
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#offsets.length) return;
    const grown = new Uint32Array(this.#offsets.length * 2 + count);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }
}

const FILE_STEP = 2 ** 32;

/** The places of all files of a topology, and of what was merged from several. */
export class Places {
  readonly #files: FileNotes[] = [];
  /** By container: file index × 2^32 + start among the file's offsets. */
  readonly #starts = new Map<object, number>();
  readonly #merged = new Map<object, readonly Place[]>();
  #indexedLeaves = 0;

  /** Adds the notes of the next file. */
  addFile(notes: FileNotes): void {
    this.#files.push(notes);
    this.#index(notes.inner, this.#files.length - 1);
  }

  /** Adds a container put together from others, with its places in the order of FileNotes. */
  addMerged(container: object, places: readonly Place[]): void {
    this.#merged.set(container, places);
  }

  /** A container's place number `index` in the order of FileNotes. */
  at(container: object, index: number): Place {
    return this.allOf(container)(index);
  }

  /** A container's places by their numbers. */
  allOf(container: object): (index: number) => Place {
    const merged = this.#merged.get(container);
    if (merged !== undefined) return (index) => merged[index] ?? NOWHERE;
    const start = this.#startOf(container);
    if (start === undefined) return () => NOWHERE;
    const file = Math.floor(start / FILE_STEP);
    const { offsets } = this.#files[file]!;
    const first = start % FILE_STEP;
    return (index) => placeAt(file, offsets[first + index]!);
  }

  #startOf(container: object): number | undefined {
    const known = this.#starts.get(container);
    if (known !== undefined) return known;
    for (; this.#indexedLeaves < this.#files.length; this.#indexedLeaves++)
      this.#index(this.#files[this.#indexedLeaves]!.leaves, this.#indexedLeaves);
    return this.#starts.get(container);
  }

  #index({ containers, starts }: Index, file: number): void {
    for (let at = 0; at < containers.length; at++) {
      this.#starts.set(containers[at]!, file * FILE_STEP + starts[at]!);
    }
  }
}
