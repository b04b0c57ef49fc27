//! The staircase: what a story's next step is. The only room that knows the whole way.
//!
//! In: a [`Story`](crate::store::Story), the rooms it needs, and the time. Out: its next step, or when to look again.
//! Never: a publish that is tried before it is written down, or tried again before it is known to have failed.
