//! (being written)
/// Whether a keyspace is Cassandra's own.
pub fn is_internal(keyspace: &str) -> bool {
    keyspace == "system" || keyspace.starts_with("system_")
}
