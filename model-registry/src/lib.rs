//! Chooses the model package to deploy from the Amazon SageMaker Model Registry, and explains the choice
