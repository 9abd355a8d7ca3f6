//! The output itself: which samples go to which file, and when a file ends.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use brunt_metrics::SampleBatch;
use brunt_output::worker::{self, Work};
use brunt_output::{BoxFuture, Inbox, Output, OutputContext, OutputError, OutputReport, Wants};
use tokio::sync::mpsc::UnboundedSender;
#[cfg(feature = "s3")]
use tokio::sync::mpsc::unbounded_channel;

#[cfg(feature = "s3")]
use crate::bucket::Place;
use crate::config::Config;
use crate::file::{SampleFile, Whole};
use crate::names::Names;
use crate::partition::Partitions;
use crate::side;
#[cfg(feature = "s3")]
use crate::upload;

/// The tag that files can be parted by.
const SCENARIO: &str = "scenario";

/// One `--out parquet`.
#[derive(Debug)]
pub struct ParquetOutput {
    config: Config,
}

impl ParquetOutput {
    pub(crate) fn new(config: Config) -> Self {
        Self { config }
    }

    fn target(&self) -> String {
        match &self.config.place {
            Some(place) => place.url(),
            None => self.config.target.display().to_string(),
        }
    }
}

impl Output for ParquetOutput {
    fn describe(&self) -> String {
        format!("parquet ({})", self.target())
    }

    fn wants(&self) -> Wants {
        Wants::Samples
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            let config = self.config.clone();
            #[cfg(feature = "s3")]
            if let Some(place) = &config.place {
                return upload::check(place).await;
            }
            let tried = tokio::task::spawn_blocking(move || try_to_create(&config));
            let tried = tried
                .await
                .unwrap_or_else(|gone| Err(io::Error::other(gone)));
            tried.map_err(|source| OutputError::Write {
                target: self.target(),
                source,
            })
        })
    }

    fn run(
        self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            let target = self.target();
            #[cfg(feature = "s3")]
            if let Some(place) = self.config.place.clone() {
                return staged(place, self.config, inbox, context).await;
            }
            let files = Files::new(self.config, context.clone(), None);
            worker::run("brunt-parquet", &target, files, inbox, &context).await
        })
    }
}

/// Writes into a folder and sends what is whole.
#[cfg(feature = "s3")]
async fn staged(
    place: Place,
    mut config: Config,
    inbox: Inbox,
    context: OutputContext,
) -> Result<OutputReport, OutputError> {
    let folder = place.folder(&context);
    config.target = folder.join(&place.name);
    let made = tokio::fs::create_dir_all(&folder).await;
    made.map_err(|source| OutputError::Write {
        target: folder.display().to_string(),
        source,
    })?;
    let (whole, files) = unbounded_channel();
    let mut closing = inbox.closing();
    let deadline = {
        let context = context.clone();
        async move {
            closing.wait().await;
            context.drain.over().await;
        }
    };
    let target = place.url();
    let uploads = upload::run(place, folder, files, context.clone(), deadline);
    let files = Files::new(config, context.clone(), Some(whole));
    let work = worker::run("brunt-parquet", &target, files, inbox, &context);
    let (written, notes) = tokio::join!(work, uploads);
    match written {
        Ok(mut report) => {
            report.notes.extend(notes);
            Ok(report)
        }
        // What became whole before counts, too.
        Err(error) if notes.is_empty() => Err(error),
        Err(error) => Err(OutputError::Other(format!("{error}; {}", notes.join("; ")))),
    }
}

/// A file beside the target, and away with it.
fn try_to_create(config: &Config) -> io::Result<()> {
    let probe = if config.by_scenario {
        fs::create_dir_all(&config.target)?;
        config.target.join("brunt-was-here")
    } else {
        let rolled = config.roll_size.is_some() || config.roll_interval.is_some();
        if !rolled {
            side::left_by_another(&config.target)?;
        }
        config.target.clone()
    };
    let probe = side::probe_of(&probe);
    File::create(&probe)?;
    fs::remove_file(&probe)
}

/// The files of a run.
struct Files {
    config: Config,
    context: OutputContext,
    partitions: Option<Partitions>,
    parts: Vec<Part>,
    /// Where whole files are sent on, if that is not all that is to be done with them.
    whole: Option<UnboundedSender<Whole>>,
}

/// Samples that go to the same file.
struct Part {
    names: Names,
    file: Option<SampleFile>,
}

impl Files {
    fn new(config: Config, context: OutputContext, whole: Option<UnboundedSender<Whole>>) -> Self {
        let rolled = config.roll_size.is_some() || config.roll_interval.is_some();
        let partitions = config.by_scenario.then(|| Partitions::new(SCENARIO));
        let parts = if config.by_scenario {
            Vec::new()
        } else {
            vec![Part {
                names: run_of(&config, &context, Names::of(&config.target, rolled)),
                file: None,
            }]
        };
        Self {
            config,
            context,
            partitions,
            parts,
            whole,
        }
    }

    fn push(&mut self, part: usize, batch: &SampleBatch) -> Result<(), OutputError> {
        let Some(part) = self.parts.get_mut(part) else {
            return Ok(());
        };
        let file = part.open(&self.config, &self.context)?;
        let pushed = file.push(batch);
        pushed.map_err(|source| failed(file.path(), &source))?;
        part.roll(&self.config, self.whole.as_ref())
    }
}

/// In a bucket nobody looks which numbers are taken: the run is in the name.
fn run_of(config: &Config, context: &OutputContext, names: Names) -> Names {
    match &config.place {
        Some(_) => names.of_run(&context.instance),
        None => names,
    }
}

impl Part {
    fn open(
        &mut self,
        config: &Config,
        context: &OutputContext,
    ) -> Result<&mut SampleFile, OutputError> {
        let file = if let Some(file) = self.file.take() {
            file
        } else {
            let path = self.names.next();
            let folder = self.names.folder().filter(|_| config.by_scenario);
            let made = folder.map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| SampleFile::create(&path, config, context))
                .map_err(|source| OutputError::Write {
                    target: path.display().to_string(),
                    source,
                })?
        };
        Ok(self.file.insert(file))
    }

    /// Ends the file if it is long or old enough.
    fn roll(
        &mut self,
        config: &Config,
        whole: Option<&UnboundedSender<Whole>>,
    ) -> Result<(), OutputError> {
        let due = |file: &mut SampleFile| {
            let long = config.roll_size.is_some_and(|size| file.written() >= size);
            let old = config
                .roll_interval
                .is_some_and(|interval| file.age() >= interval);
            long || (old && !file.is_empty())
        };
        match self.file.take_if(due) {
            Some(file) => finish(file, whole),
            None => Ok(()),
        }
    }
}

impl Work for Files {
    fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError> {
        let Some(partitions) = &mut self.partitions else {
            return self.push(0, batch);
        };
        let split = partitions.split(batch, &self.context);
        for value in partitions.new_values() {
            let names = Names::of_partition(&self.config.target, SCENARIO, value.as_deref());
            self.parts.push(Part {
                names: run_of(&self.config, &self.context, names),
                file: None,
            });
        }
        for (part, batch) in split {
            self.push(part, &batch)?;
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), OutputError> {
        for part in &mut self.parts {
            if let Some(file) = &mut part.file {
                let ticked = file.tick();
                ticked.map_err(|source| failed(file.path(), &source))?;
                part.roll(&self.config, self.whole.as_ref())?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<String>, OutputError> {
        // A run that measured nothing leaves a file that says so.
        if let [
            Part {
                names: Names::One(_),
                file: None,
            },
        ] = self.parts.as_slice()
        {
            self.parts[0].open(&self.config, &self.context)?;
        }
        let files = self.parts.into_iter().filter_map(|part| part.file);
        // Each of them is tried, whatever became of the others.
        let whole = self.whole.as_ref();
        let ended: Vec<_> = files.map(|file| finish(file, whole)).collect();
        ended.into_iter().collect::<Result<(), _>>()?;
        Ok(Vec::new())
    }
}

fn finish(file: SampleFile, sender: Option<&UnboundedSender<Whole>>) -> Result<(), OutputError> {
    let path = file.path().to_owned();
    let whole = file.finish().map_err(|source| failed(&path, &source))?;
    if let Some(sender) = sender {
        // Nobody takes it after the deadline: then it stays where it is.
        let _ = sender.send(whole);
    }
    Ok(())
}

fn failed(path: &Path, source: &io::Error) -> OutputError {
    let path = path.display();
    OutputError::Other(format!(
        "cannot write {path}: {source}. What was written before can be saved: brunt repair {path}"
    ))
}

#[cfg(test)]
mod tests;
