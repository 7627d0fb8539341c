//! Packages a CloudFormation template without changing anything else in it, reads its parameters,
//! and resolves it for a stage.
//!
//! A template refers to local files and folders: code, nested templates, definitions.
//! CloudFormation can use them only in S3, with their S3 addresses in the template. This crate
//! uploads and replaces them like `aws cloudformation package`, with one important difference:
//! every byte of the template that is not part of a rewritten value stays as it was. Comments,
//! quotes, order, `012345678901`, `1.10` and `Yes` are preserved, and JSON stays JSON.
//!
//! ```
//! # use std::path::Path;
//! use cfn_render::store::Directory;
//! use cfn_render::{PackageOptions, Template};
//!
//! # let folder = tempfile::tempdir()?;
//! # let project: &Path = folder.path();
//! # std::fs::create_dir(project.join("src"))?;
//! # std::fs::write(project.join("src/index.py"), "def handler(event, context): return event\n")?;
//! let text = "\
//! Resources:
//!   Function:
//!     Type: AWS::Serverless::Function  # zipped and uploaded
//!     Properties:
//!       CodeUri: ./src
//! ";
//! let template = Template::parse(text, project.join("template.yml"))?;
//!
//! // A folder instead of a bucket. `aws::S3Store` is a bucket.
//! let store = Directory::new(project.join("out"), "artifacts", "eu-west-1");
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let packaged = template.package(&store, &PackageOptions::default()).await?;
//!
//! let key = &packaged.uploads[0].key;
//! assert_eq!(packaged.text, text.replace("./src", &format!("s3://artifacts/{key}")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Template`] keeps its text. Values are addressed by JSON pointers into the long form, where
//!   `!Sub x` is `{"Fn::Sub": "x"}`; [`Template::locate`] converts a pointer to bytes, line and
//!   column.
//! - [`Template::package`] has two steps. [`Template::plan_package`] reads, hashes and zips
//!   everything, including nested templates, and reports all problems. Only then does
//!   [`PackagePlan::upload`] start the first upload. The rewritten text is parsed again and
//!   compared with the source; any difference except the edits is an error, and nothing is
//!   returned.
//! - An [`ArtifactStore`] stores artifacts: [`store::Directory`] is a folder, `aws::S3Store` a
//!   bucket, and [another one](#a-store-of-your-own) is twenty lines.
//! - Keys depend on content: a hash of the bytes, or for archives of names, executable bits and
//!   contents. They are the same on every machine, in every time zone and for every checkout. A
//!   `.cfnignore` file, in the syntax of `.gitignore`, excludes files from archives.
//! - [`Template::resolve`] evaluates a template for one stage's parameters. What only AWS knows
//!   remains a function, which [`is_known`] detects; [`Resolved::parameters_of`] returns the
//!   parameters that a value is made of.
//! - [`property_table`] is the list of properties that refer to artifacts.
//! - A [`Problem`] has a code, a message, a hint and a place; an [`Error`] has all of them.
//!
//! # A store of your own
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Mutex;
//!
//! use cfn_render::{Artifact, ArtifactStore, Location, PackageOptions, StoreError, Template};
//!
//! /// Keeps objects in memory.
//! #[derive(Default)]
//! struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);
//!
//! impl ArtifactStore for Memory {
//!     async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
//!         let bytes = artifact.read().map_err(|error| StoreError::new("read", error.to_string()).caused_by(error))?;
//!         let existed = self.0.lock().unwrap().insert(artifact.key().to_owned(), bytes).is_some();
//!         Ok(Location { existed, ..Location::new("bucket", "eu-west-1", artifact.key()) })
//!     }
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("job.py"), "print(1)\n")?;
//! let text = "Resources: {J: {Type: AWS::Glue::Job, Properties: {Command: {ScriptLocation: job.py}}}}";
//! let template = Template::parse(text, folder.path().join("template.yml"))?;
//! let store = Memory::default();
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let packaged = template.package(&store, &PackageOptions::default()).await?;
//! assert_eq!(store.0.lock().unwrap()[&packaged.uploads[0].key], b"print(1)\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Differences from `aws cloudformation package`
//!
//! In addition to the preserved bytes: nothing depends on the working directory; a folder is
//! uploaded only if a property refers to it, never because a property is absent; if a template has
//! a problem, nothing is uploaded and all problems are reported at once; templates that nest
//! themselves are rejected; aliases and merge keys, which CloudFormation rejects, are expanded in
//! place, with a note; more properties are known (`AWS::CloudFormation::StackSet` `TemplateURL`,
//! `AWS::Serverless::HttpApi` `DefinitionUri`, `AWS::AppSync::Resolver` `CodeS3Location` and
//! others); objects have the bucket's default encryption unless a KMS key is set; an existing
//! object is used only if S3 confirms its SHA-256; in a bucket with versioning, properties that
//! accept an object version contain it.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws` | yes | `aws::S3Store`; compiles the AWS SDK for S3 |

#[cfg(feature = "aws")]
pub mod aws;

mod artifact;
mod code;
mod declarations;
mod error;
mod json_pointer;
mod package;
mod problem;
mod pseudo_parameters;
mod resolve;
mod span;
pub mod store;
mod structure;
mod substitution;
mod template;
mod tree;

pub use artifact::Artifact;
pub use code::Code;
pub use error::{Error, ErrorKind};
pub use package::{PackageOptions, PackagePlan, Packaged, PlannedUpload, Upload, property_table};
pub use problem::{Place, Problem, Severity};
pub use pseudo_parameters::PseudoParameters;
pub use resolve::{Resolved, is_known, resources_of_type};
pub use span::Span;
pub use store::{ArtifactStore, Location, StoreError, StoreNote};
pub use template::{ParameterDeclaration, Template};

/// The README's examples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
