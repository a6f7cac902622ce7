"""The parts of `read_archive.py`, each of which needs only those named before it.

  checking    what a problem is, and a cursor that never reads beyond the end
  ciphers     digests, keys that are derived, what is sealed and signed
  merkle      the tree over commits
  documents   the documents in JSON
  keyring     the keyring: the key of every subject and collection
  frames      the frames that a segment consists of
  packs       the records that a frame holds
  contents    every frame opened, and the bodies of records
  log         the whole log, proved from its first segment to its last

What each of them reads is in the chapter of the article "Format" on it.
"""
