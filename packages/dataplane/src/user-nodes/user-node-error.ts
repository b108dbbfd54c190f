// What is wrong with a user's node, in a sentence for whoever wrote it.
export class UserNodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserNodeError';
  }
}
