//! Without AWS nothing is recorded.

use std::path::Path;

use model_release::history::{EventFile, Facts};
use model_release::{Failure, Release, Stage};

use crate::signing::Signing;
use command_line::{HistoryPlaceOptions, non_empty};
use terminal::Printer;

pub(crate) struct Recorder;

#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
impl Recorder {
    pub(crate) async fn open(
        _: Printer,
        options: &HistoryPlaceOptions,
        _: &Release,
        _: Option<Stage>,
        _: &Signing,
    ) -> Result<Self, Failure> {
        match non_empty(options.history.as_ref()) {
            Some(_) => crate::without_aws("--history", "build it with its default features").await,
            None => Ok(Self),
        }
    }

    pub(crate) async fn built(&self, _: &Path) -> Result<(), Failure> {
        Ok(())
    }

    pub(crate) async fn with_files(
        &self,
        _: Vec<(String, Vec<u8>)>,
        _: impl FnOnce(Vec<EventFile>) -> Facts,
    ) -> Result<Option<()>, Failure> {
        Ok(None)
    }
}
