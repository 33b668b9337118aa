// Package store keeps result files in a directory and tells what is there.
//
// A store is nothing but a directory: every regular file below it whose name ends in
// .json and whose schema is one of ours is a result, wherever it came from; names
// that begin with a point, symbolic links and other files are left alone. There is no
// index that could be wrong. [Store.List] reads all of it, in parallel; what it cannot
// read it returns by name and reason, and goes on.
//
// An entry goes by its content: the first digits of the SHA-256 of the file, as many
// as make it unique, or by its path.
//
// [Store.Add] writes runs/TIME-WHAT-ID.json: under another name first, then durably
// and at once under its own, and never over a file that is there. The name holds the
// digest, so the same result added twice is one file, and two that write at once do not
// meet. [Store.Remove] moves to .removed, from where a file can be moved back.
//
// Files of other versions of this program count too: fields may be missing or
// unknown, as long as those are sound that the list shows.
package store
