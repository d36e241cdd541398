//! What script functions may know of the session they run in.

#[cfg(feature = "learn")]
use crate::script::ScriptError;
use crate::script::{CancelToken, Mode, Sink, Sources, Table};
use auricle_audio::augment::{Listener, Recipe};
use auricle_audio::dataset::Cache;
use rhai::Engine;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use tempfile::TempDir;
#[cfg(feature = "learn")]
use {
    auricle_learn::Device, auricle_learn::feed::Workers, std::thread::JoinHandle,
    std::time::Duration,
};

/// How a session is started.
#[derive(Clone)]
pub struct Settings {
    /// Arguments of the script.
    pub arguments: Vec<String>,
    /// Names of the options that the program keeps to itself: no script hears them.
    pub own_options: Vec<String>,
    /// Seed of everything that is drawn, until the script sets another.
    pub seed: u64,
    /// Name of the device for tensors.
    pub device: String,
    /// Threads for loading and augmenting; all processors if `None`.
    pub threads: Option<usize>,
    /// Folder of the cache of decoded clips; none is kept if `None`.
    pub cache: Option<PathBuf>,
    /// Whether a finished training run is done again instead of loaded.
    pub fresh: bool,
    /// Whether functions run, or a script is only checked.
    pub mode: Mode,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            arguments: Vec::new(),
            own_options: Vec::new(),
            seed: 0,
            device: "cpu".into(),
            threads: None,
            cache: None,
            fresh: false,
            mode: Mode::Run,
        }
    }
}

/// What went wrong with work after the session had left it.
#[cfg(feature = "learn")]
pub(crate) type Failure = Arc<Mutex<Option<String>>>;

/// The session as its functions see it.
pub(crate) struct Environment {
    /// How it was started.
    pub(crate) settings: Settings,
    /// Where output goes.
    pub(crate) sink: Arc<dyn Sink>,
    /// The request to stop.
    pub(crate) token: CancelToken,
    seed: AtomicU64,
    sources: Mutex<Sources>,
    engine: OnceLock<Weak<Engine>>,
    table: OnceLock<Weak<Table>>,
    report: Mutex<Option<serde_json::Value>>,
    folders: Mutex<Vec<TempDir>>,
    noted: Arc<Mutex<HashSet<String>>>,
    #[cfg(feature = "learn")]
    left: Mutex<Vec<(JoinHandle<()>, Failure)>>,
    #[cfg(feature = "learn")]
    device: Mutex<Option<Device>>,
    #[cfg(feature = "learn")]
    workers: OnceLock<Workers>,
}

fn note_once(noted: &Mutex<HashSet<String>>, sink: &dyn Sink, text: String) {
    if text.is_empty() {
        return;
    }
    let is_new = noted
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .insert(text.clone());
    if is_new {
        sink.note(&text);
    }
}

impl Environment {
    /// An environment for a new session.
    pub(crate) fn new(settings: Settings, sink: Arc<dyn Sink>, token: CancelToken) -> Environment {
        let seed = AtomicU64::new(settings.seed);
        Environment {
            settings,
            sink,
            token,
            seed,
            sources: Mutex::default(),
            engine: OnceLock::new(),
            table: OnceLock::new(),
            report: Mutex::default(),
            folders: Mutex::default(),
            noted: Arc::default(),
            #[cfg(feature = "learn")]
            left: Mutex::default(),
            #[cfg(feature = "learn")]
            device: Mutex::default(),
            #[cfg(feature = "learn")]
            workers: OnceLock::new(),
        }
    }

    /// A remark for the person at the terminal, made once however often there is reason for it. Empty ones are none.
    pub(crate) fn note_once(&self, text: String) {
        note_once(&self.noted, &*self.sink, text);
    }

    /// Has a recipe tell of recordings that it passes over: now of those that are of other kinds, while it runs of those
    /// that turn out to be broken.
    pub(crate) fn tell_of_recordings(&self, recipe: &Recipe) {
        self.note_once(recipe.passed_over().to_string());
        let (noted, sink) = (self.noted.clone(), self.sink.clone());
        let listener: Listener = Arc::new(move |error| {
            note_once(
                &noted,
                &*sink,
                format!("passed over: {error}; it is drawn no more"),
            )
        });
        recipe.listen(&listener);
    }

    /// Who tells of what goes wrong and stops nothing; `what` becomes of it.
    pub(crate) fn listener(&self, what: &'static str) -> Listener {
        let (noted, sink) = (self.noted.clone(), self.sink.clone());
        Arc::new(move |error| note_once(&noted, &*sink, format!("{what}: {error}")))
    }

    /// The texts that the session has seen.
    pub(crate) fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Remembers the session's engine for functions that outlive their call, without keeping it alive.
    pub(crate) fn keep_engine(&self, engine: Engine) -> Arc<Engine> {
        let engine = Arc::new(engine);
        self.engine.get_or_init(|| Arc::downgrade(&engine));
        engine
    }

    /// Remembers the function table, for help.
    pub(crate) fn keep_table(&self, table: &Arc<Table>) {
        self.table.get_or_init(|| Arc::downgrade(table));
    }

    /// The function table; nothing before the session has started.
    pub(crate) fn table(&self) -> Option<Arc<Table>> {
        self.table.get().and_then(Weak::upgrade)
    }

    /// The session's engine; nothing before the session has started.
    pub(crate) fn engine(&self) -> Option<Arc<Engine>> {
        self.engine.get().and_then(Weak::upgrade)
    }

    /// The session's seed.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.load(Ordering::Relaxed)
    }

    /// Sets the session's seed.
    pub(crate) fn set_seed(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
    }

    /// The cache of decoded clips.
    pub(crate) fn cache(&self) -> Option<Cache> {
        self.settings.cache.clone().map(Cache::new)
    }

    /// Makes a folder that lives as long as the session.
    ///
    /// # Errors
    /// What the system says if it cannot be made.
    pub(crate) fn temporary_folder(&self) -> std::io::Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix("auricle-").tempdir()?;
        let path = folder.path().to_owned();
        self.folders
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push(folder);
        Ok(path)
    }

    /// Remembers a report, in case it is the last.
    #[cfg(feature = "learn")]
    pub(crate) fn keep_report(&self, report: serde_json::Value) {
        *self
            .report
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(report);
    }

    /// The last report that was made.
    pub(crate) fn last_report(&self) -> Option<serde_json::Value> {
        self.report
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// Remembers work that ends by itself but must end before the session does, because it keeps what it has done.
    #[cfg(feature = "learn")]
    pub(crate) fn leave(&self, work: JoinHandle<()>, failure: Failure) {
        self.left
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push((work, failure));
    }

    /// Waits for the end of the work that was left.
    ///
    /// # Errors
    /// If the user asked to stop.
    #[cfg(feature = "learn")]
    pub(crate) fn settle(&self) -> Result<(), ScriptError> {
        while !self.settled() {
            if self.token.stop().is_asked() {
                return Err(ScriptError::interrupted());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Whether all work that was left has ended. Says what went wrong with it.
    #[cfg(feature = "learn")]
    pub(crate) fn settled(&self) -> bool {
        let mut left = self
            .left
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let ended = left.extract_if(.., |(work, _)| work.is_finished());
        ended.for_each(|(_, failure)| self.tell(&failure));
        left.is_empty()
    }

    /// Says what went wrong with work that was stopped.
    #[cfg(feature = "learn")]
    pub(crate) fn tell(&self, failure: &Failure) {
        if let Some(failure) = failure
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take()
        {
            self.sink.note(&format!("the interrupted run: {failure}"));
        }
    }

    /// The device that tensors live on. Nothing is started before the first of them.
    ///
    /// # Errors
    /// If this build has no device of the name that was asked for.
    #[cfg(feature = "learn")]
    pub(crate) fn device(&self) -> Result<Device, ScriptError> {
        let mut device = self
            .device
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if device.is_none() {
            auricle_learn::use_threads(self.settings.threads);
            *device = Some(auricle_learn::device(&self.settings.device)?);
        }
        device
            .clone()
            .ok_or_else(|| ScriptError::new("internal error: no device"))
    }

    /// Chooses the device of everything that is made from here on.
    ///
    /// # Errors
    /// If this build has no such device.
    #[cfg(feature = "learn")]
    pub(crate) fn set_device(&self, name: &str) -> Result<(), ScriptError> {
        auricle_learn::use_threads(self.settings.threads);
        let chosen = auricle_learn::device(name)?;
        *self
            .device
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(chosen);
        Ok(())
    }

    /// The threads that make batches.
    ///
    /// # Errors
    /// If the system refuses them.
    #[cfg(feature = "learn")]
    pub(crate) fn workers(&self) -> Result<Workers, ScriptError> {
        if let Some(workers) = self.workers.get() {
            return Ok(workers.clone());
        }
        let workers = Workers::new(self.settings.threads)?;
        Ok(self.workers.get_or_init(|| workers).clone())
    }
}
