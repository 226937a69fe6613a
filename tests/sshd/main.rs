//! The sshd tier (being written).
fn main() {}
