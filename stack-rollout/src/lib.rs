//! Plans, rolls out and checks a CloudFormation stack set over accounts and regions
