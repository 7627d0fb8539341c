//! Really tests Amazon SageMaker endpoints and local model containers
