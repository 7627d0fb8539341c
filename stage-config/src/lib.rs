//! Merges the parameters of a deployment stage and checks them against the CloudFormation template
