//! What script functions may know of the session they run in.

use crate::script::{CancelToken, Mode, ScriptError, Sink, Sources};
use auricle_audio::augment::STACK_BYTES;
use auricle_audio::dataset::Cache;
use rhai::Engine;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::Duration;
use tempfile::TempDir;
#[cfg(feature = "learn")]
use {auricle_learn::Device, auricle_learn::batch::Workers};

/// How a session is started.
#[derive(Clone)]
pub struct Settings {
    /// Arguments of the script.
    pub arguments: Vec<String>,
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
            seed: 0,
            device: "cpu".into(),
            threads: None,
            cache: None,
            fresh: false,
            mode: Mode::Run,
        }
    }
}

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
    report: Mutex<Option<serde_json::Value>>,
    folders: Mutex<Vec<TempDir>>,
    #[cfg(feature = "learn")]
    device: Mutex<Option<Device>>,
    #[cfg(feature = "learn")]
    workers: OnceLock<Workers>,
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
            report: Mutex::default(),
            folders: Mutex::default(),
            #[cfg(feature = "learn")]
            device: Mutex::default(),
            #[cfg(feature = "learn")]
            workers: OnceLock::new(),
        }
    }

    /// The texts that the session has seen.
    pub(crate) fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Remembers the session's engine for functions that outlive their call, without keeping it alive.
    pub(crate) fn keep_engine(&self, engine: Engine) -> Arc<Engine> {
        let engine = Arc::new(engine);
        self.engine.get_or_init(|| Arc::downgrade(&engine));
        engine
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
        self.folders.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(folder);
        Ok(path)
    }

    /// Remembers a report, in case it is the last.
    #[cfg(feature = "learn")]
    pub(crate) fn keep_report(&self, report: serde_json::Value) {
        *self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(report);
    }

    /// The last report that was made.
    pub(crate) fn last_report(&self) -> Option<serde_json::Value> {
        self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Does work that never asks whether to stop. If the user wants it to, the session goes on at once; the work ends
    /// by itself, and what it gives is dropped. So it must leave nothing behind, such as a file.
    ///
    /// # Errors
    /// If the user asked to stop, or the system has no thread left.
    pub(crate) fn unless_stopped<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScriptError> {
        let (sender, receiver) = channel();
        // Who listened may have left.
        let worker = std::thread::Builder::new()
            .name("work".into())
            .stack_size(STACK_BYTES)
            .spawn(move || drop(sender.send(work())));
        let worker = worker.map_err(|error| ScriptError::new(format!("no thread can be started: {error}")))?;
        loop {
            match receiver.recv_timeout(Duration::from_millis(10)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) if !self.token.is_cancelled() => {}
                Err(RecvTimeoutError::Timeout) => return Err(ScriptError::new("interrupted")),
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => return Err(ScriptError::new("internal error: work without a result")),
                },
            }
        }
    }

    /// The device that tensors live on. Nothing is started before the first of them.
    ///
    /// # Errors
    /// If this build has no device of the name that was asked for.
    #[cfg(feature = "learn")]
    pub(crate) fn device(&self) -> Result<Device, ScriptError> {
        let mut device = self.device.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if device.is_none() {
            auricle_learn::use_threads(self.settings.threads);
            *device = Some(auricle_learn::device(&self.settings.device)?);
        }
        device.clone().ok_or_else(|| ScriptError::new("internal error: no device"))
    }

    /// Chooses the device of everything that is made from here on.
    ///
    /// # Errors
    /// If this build has no such device.
    #[cfg(feature = "learn")]
    pub(crate) fn set_device(&self, name: &str) -> Result<(), ScriptError> {
        auricle_learn::use_threads(self.settings.threads);
        let chosen = auricle_learn::device(name)?;
        *self.device.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(chosen);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Silent;

    #[test]
    fn work_is_left_alone_when_the_user_wants_to_stop() {
        let token = CancelToken::default();
        let environment = Environment::new(Settings::default(), Arc::new(Silent), token.clone());
        assert_eq!(environment.unless_stopped(|| 3).ok(), Some(3));
        token.cancel();
        assert_eq!(environment.unless_stopped(|| 4).ok(), Some(4), "what is done is given");
        // The work waits for a word that is never said.
        let (_never, word) = channel::<()>();
        let error = environment.unless_stopped(move || word.recv().is_ok()).unwrap_err();
        assert_eq!(error.message, "interrupted");
    }
}
