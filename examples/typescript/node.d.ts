// The little of Node that the examples use; a project of your own has @types/node.
declare const process: { readonly argv: string[]; readonly env: Record<string, string | undefined> };
