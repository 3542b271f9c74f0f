//! What the proof says in the situations of the counter.
