//! `upgrade`: moves the pinned binary, and merges the files that the program owns.

use model_release::{Diagnostic, Failure, FailureKind};
use team_repository::{LOCK, Lock, Upgrade, check_version, read_text};

use crate::pin;
use command_line::UpgradeOptions;
use terminal::files::{self, FileSet};
use terminal::{Exit, Format, Printer, Project};

pub(crate) fn run(printer: Printer, project: &Project, options: &UpgradeOptions) -> Result<Exit, Failure> {
    let path = project.file(LOCK);
    let lock = Lock::parse(&files::read_text(&path)?, &path)?;
    check_version(&lock, options.to.as_deref())?;
    let planned = Upgrade::plan(&lock, pin::read(&options.pin)?, |path| read_text(&project.file(path)));
    let upgrade = planned.map_err(|errors| Failure::new(FailureKind::BadInput, errors))?;
    let is_stopped = upgrade.has_conflicts() && !options.write_conflicts;
    if !options.check && !is_stopped {
        write(project, &upgrade)?;
    }
    let text = if printer.format == Format::Markdown { upgrade.markdown() } else { upgrade.text() };
    printer.result(&upgrade.json(), text.trim_end());
    if upgrade.has_conflicts() {
        let error = Diagnostic::error("your changes and this version's are in conflict");
        let hint = if is_stopped {
            "nothing was written: change your lines so that both fit, or write both with `upgrade --write-conflicts` and edit them"
        } else {
            "edit the lines between the markers before you commit"
        };
        return Err(Failure::new(FailureKind::Failed, vec![error.with_hint(hint)]));
    }
    Ok(if upgrade.is_needed() { Exit::Done } else { Exit::Nothing })
}

fn write(project: &Project, upgrade: &Upgrade) -> Result<(), Failure> {
    let mut set = FileSet::default();
    for file in upgrade.written() {
        set.add(project.root.join(&file.path), file.content);
    }
    set.write()?;
    for name in upgrade.removed() {
        let path = project.file(name);
        std::fs::remove_file(&path).map_err(|error| Failure::bad_input(files::cannot("remove", &path, &error)))?;
    }
    Ok(())
}
