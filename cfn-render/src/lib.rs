//! Packages a CloudFormation template without changing anything else in it
