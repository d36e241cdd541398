//! Work on a thread of its own, for which a user who wants to stop does not wait.

use super::{CancelToken, ScriptError};
use std::cell::Cell;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Enough for the deepest nesting of script functions. Memory is taken only as it is used.
const STACK_BYTES: usize = 256 << 20;

/// A request to stop is seen after this long.
const LOOK_EVERY: Duration = Duration::from_millis(5);

thread_local! {
    /// The run of the session that a thread works for; 0 on threads that outlive runs.
    static RUN: Cell<u64> = const { Cell::new(0) };
}

/// The request to stop one run of a session. Unlike the token it stays asked for when the next run begins.
#[derive(Clone)]
pub struct Stop {
    token: CancelToken,
    run: u64,
}

impl Stop {
    /// Whether nobody waits for the work any more.
    pub fn is_asked(&self) -> bool {
        self.token.is_cancelled() || self.token.runs() != self.run
    }
}

/// How work apart ended for the session.
pub(crate) enum Ended<T> {
    /// It is done.
    Done(T),
    /// The user wanted to stop. The work ends by itself, on this thread.
    #[cfg_attr(
        not(any(feature = "learn", test)),
        expect(dead_code, reason = "only training has something to keep")
    )]
    Left(JoinHandle<()>),
}

enum Word<R, T> {
    Report(R),
    Done(T),
}

impl CancelToken {
    /// The request to stop the run that this thread works for.
    pub fn stop(&self) -> Stop {
        let run = RUN.get();
        Stop {
            token: self.clone(),
            run: if run == 0 { self.runs() } else { run },
        }
    }

    /// Whether to stop what a script does on this thread.
    pub(super) fn stops_this_thread(&self) -> bool {
        let run = RUN.get();
        self.is_cancelled() || (run != 0 && run != self.runs())
    }

    /// Does work on another thread. What it reports is handed on here, until the user wants to stop.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn apart<R: Send + 'static, T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn(R)) -> T + Send + 'static,
        mut report: impl FnMut(R),
    ) -> Result<Ended<T>, ScriptError> {
        let (sender, receiver) = channel();
        let run = self.stop().run;
        let worker = std::thread::Builder::new()
            .name("work".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                RUN.set(run);
                // Who listened may have left.
                let tell = |sender: &Sender<Word<R, T>>, word| drop(sender.send(word));
                let result = work(&|words| tell(&sender, Word::Report(words)));
                tell(&sender, Word::Done(result));
            });
        let worker = worker
            .map_err(|error| ScriptError::new(format!("no thread can be started: {error}")))?;
        loop {
            match receiver.recv_timeout(LOOK_EVERY) {
                Ok(Word::Done(result)) => return Ok(Ended::Done(result)),
                Ok(Word::Report(words)) if !self.is_cancelled() => report(words),
                Ok(Word::Report(_)) => return Ok(Ended::Left(worker)),
                Err(RecvTimeoutError::Timeout) if !self.is_cancelled() => {}
                Err(RecvTimeoutError::Timeout) => return Ok(Ended::Left(worker)),
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => {
                        return Err(ScriptError::new("internal error: work without a result"));
                    }
                },
            }
        }
    }

    /// Does work that need not ask whether to stop. If the user wants to, the session goes on at once, and what the work
    /// gives is dropped.
    ///
    /// # Errors
    /// If the user asked to stop, or the system has no thread left.
    pub(crate) fn unless_stopped<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScriptError> {
        match self.apart(|_: &dyn Fn(())| work(), |()| {})? {
            Ended::Done(result) => Ok(result),
            Ended::Left(_) => Err(ScriptError::interrupted()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_left_alone_when_the_user_wants_to_stop() {
        let token = CancelToken::default();
        token.reset();
        assert_eq!(token.unless_stopped(|| 3).ok(), Some(3));
        token.cancel();
        // A thread may begin late on a busy machine.
        let is_given = (0..100).any(|_| token.unless_stopped(|| 4).ok() == Some(4));
        assert!(is_given, "what is done is given");
        // The work waits for a word that is never said.
        let (_never, word) = channel::<()>();
        let error = token
            .unless_stopped(move || word.recv().is_ok())
            .unwrap_err();
        assert_eq!(error.message, "interrupted");
    }

    #[test]
    fn work_of_an_earlier_run_stays_stopped() {
        let token = CancelToken::default();
        token.reset();
        let (go, word) = channel::<()>();
        let inner = token.clone();
        let (tell, told) = channel();
        token.cancel();
        let left = token.apart(
            move |_: &dyn Fn(())| {
                let _ = word.recv();
                let _ = tell.send((inner.stop().is_asked(), inner.stops_this_thread()));
            },
            |()| {},
        );
        let Ok(Ended::Left(worker)) = left else {
            panic!("the work was waited for")
        };
        token.reset();
        go.send(()).unwrap();
        assert_eq!(told.recv(), Ok((true, true)));
        assert!(!token.stop().is_asked() && !token.stops_this_thread());
        worker.join().unwrap();
    }

    #[test]
    fn a_panic_comes_back_to_the_session() {
        let token = CancelToken::default();
        let work = || token.unless_stopped(|| -> u32 { panic!("a fault below") });
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"a fault below"));
    }

    #[test]
    fn reports_arrive_in_order_before_the_result() {
        let token = CancelToken::default();
        token.reset();
        let mut heard = Vec::new();
        let ended = token
            .apart(|tell| (0..5).for_each(tell), |n| heard.push(n))
            .unwrap();
        assert!(matches!(ended, Ended::Done(())));
        assert_eq!(heard, [0, 1, 2, 3, 4]);
    }
}
