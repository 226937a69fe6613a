//! The one place that reads YAML; nothing else names serde_yaml.
