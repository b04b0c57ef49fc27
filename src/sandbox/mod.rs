//! A local Instagram to rehearse against: the protocol, the media checks, faults on demand.
//!
//! In: a folder for its world, a port. Out: a server on loopback. Never: a byte that leaves the machine.
