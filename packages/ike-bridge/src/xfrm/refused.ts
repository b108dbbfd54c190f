/** A request that the kernel, or the data plane behind it, would refuse. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** A positive errno; the sentence is for the log, and absent where charon's own suffices. */
  constructor(
    readonly errno: number,
    sentence = '',
  ) {
    super(sentence);
  }
}
