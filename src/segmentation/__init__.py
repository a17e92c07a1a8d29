"""Customer segmentation: configuration, rules, features and clustering as pure functions over frames and arrays."""
