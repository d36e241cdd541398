//! Loops of one's own through the language.

use crate::script::{CancelToken, Progress, Shown, Sink};
use crate::{Session, Settings};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// A user who watches, and stops a loop once it has told some figures.
#[derive(Default)]
struct Watching {
    token: OnceLock<CancelToken>,
    /// Epochs after which to stop; 0 for never.
    epochs: AtomicUsize,
    seen: Mutex<Vec<Progress>>,
}

impl Sink for Watching {
    fn out(&self, _: &str) {}
    fn note(&self, _: &str) {}
    fn progress(&self, progress: &Progress) {
        self.seen.lock().unwrap().push(progress.clone());
        if progress.milestone && self.epochs.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.token.get().unwrap().cancel();
        }
    }
}

fn session(threads: usize) -> (Session, Arc<Watching>) {
    let user = Arc::new(Watching::default());
    let settings = Settings {
        threads: Some(threads),
        ..Settings::default()
    };
    let session = Session::new(settings, user.clone()).unwrap();
    user.token.set(session.cancel_token()).unwrap();
    (session, user)
}

fn text(session: &mut Session, source: &str) -> String {
    let outcome = session
        .eval("cell", source)
        .unwrap_or_else(|d| panic!("{}", d.render(false)));
    Shown::text_of(&outcome.value)
}

/// Tones that are told apart by their pitch, an encoder and a head.
const MODELS: &str = "let clips = []; \
    for i in 0..12 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
    let data = dataset(clips); \
    let model = resnet18(#{ width: 4, seed: 1 }); let head = mlp(32, [16, 8], #{ batch_norm: true, seed: 2 }); \
    let opt = adam([model, head], #{ learning_rate: 3e-3 }); \
    let done = 0; let batches = |done| data.batches(4, #{ recipe: views(2, noise(5..40) |> \
    log_mel(#{ n_mels: 16 })), epochs: 5, seed: 0, start: done }); \
    let project = |x| head.forward(model.forward(x)); ";

const LOOP: &str = "for batch in batches.call(done) { \
    let loss = nt_xent(project.call(batch.views[0]), project.call(batch.views[1]), 0.5); \
    opt.step(loss.backward()); \
    log(#{ loss: loss, rate: opt.learning_rate }); ";

const RESULT: &str = "`${history().losses} ${model.embed(data).to_array()[3]} ${opt.steps}`";

#[test]
fn a_loop_learns_and_gives_the_same_bytes_at_any_number_of_threads() {
    let mut results = Vec::new();
    for threads in [1, 4] {
        let (mut session, user) = session(threads);
        text(&mut session, &format!("{MODELS}{LOOP} }}"));
        results.push(text(&mut session, RESULT));
        let losses = text(&mut session, "let h = history().losses; h[-1] < h[0] - 0.1");
        assert_eq!(losses, "true", "{}", results[0]);
        assert_eq!(text(&mut session, "history().epochs[4].epoch"), "5.0");
        // Every epoch is told, and the last state takes the panel away.
        let seen = user.seen.lock().unwrap();
        let milestones: Vec<&Progress> = seen.iter().filter(|p| p.milestone).collect();
        assert_eq!(milestones.len(), 5);
        assert_eq!(milestones[1].title, "loop epoch 2/5");
        assert!(milestones[1].figures.starts_with("loss "));
        assert_eq!((milestones[1].done, milestones[1].total), (6, 15));
        assert_eq!(milestones[4].curve.len(), 5);
        assert!(seen.last().unwrap().finished && seen.iter().filter(|p| p.finished).count() == 1);
    }
    assert_eq!(results[0], results[1]);
}

#[test]
fn a_loop_that_was_stopped_goes_on_as_if_nothing_had_been() {
    let (mut whole, _) = session(2);
    text(&mut whole, &format!("{MODELS}{LOOP} }}"));
    let want = text(&mut whole, RESULT);
    let folder = tempfile::tempdir().unwrap();
    let file = format!("{:?}", folder.path().join("loop.safetensors"));
    let (mut first, user) = session(2);
    user.epochs.store(2, Ordering::Relaxed);
    // It is kept in the middle of an epoch as well as at the end of one.
    let keeping = format!("{MODELS}{LOOP} if batch.step % 4 == 0 {{ opt.save({file}) }} }}");
    let error = first.eval("cell", &keeping).unwrap_err();
    assert!(error.message.contains("interrupted"), "{}", error.message);
    assert_eq!(text(&mut first, "history().losses.len() >= 2"), "true");
    assert!(user.seen.lock().unwrap().last().unwrap().finished);
    let (mut second, _) = session(2);
    let going_on = format!("{MODELS} done = opt.resume({file}); {LOOP} }}");
    text(&mut second, &going_on);
    assert_eq!(text(&mut second, "done"), "5");
    assert_eq!(text(&mut second, RESULT), want);
}

#[test]
fn a_loop_that_is_left_keeps_what_it_told_and_its_panel_goes() {
    let (mut session, user) = session(2);
    let inner = "for other in data.batches(6, #{ seed: 0 }) { log(#{ inner: 1.0 }) }";
    let source = format!("{MODELS}{LOOP} {inner} if batch.step == 4 {{ break }} }}");
    text(&mut session, &source);
    let names = text(&mut session, "history().names");
    assert!(names.contains("inner"), "{names}");
    // Three steps of the first epoch, two of the second.
    assert_eq!(text(&mut session, "history().losses.len()"), "2");
    assert!(user.seen.lock().unwrap().last().unwrap().finished);
    // The next loop has a history of its own.
    text(
        &mut session,
        "for batch in batches.call(0) { log(#{ other: batch.step }) }",
    );
    assert_eq!(
        text(&mut session, "history().curve(\"other\")"),
        "[1.0, 4.0, 7.0, 10.0, 13.0]"
    );
}

#[test]
fn what_is_trained_is_seen_in_every_variable_and_in_no_copy() {
    let (mut session, _) = session(2);
    let source = format!(
        "{MODELS} let same = model; let apart = model.copy(); \
        let run = simclr(model, data, #{{ recipe: log_mel(#{{ n_mels: 16 }}), epochs: 1, batch: 4, out: () }}); {LOOP} }} \
        let x = randn([2, 1, 16, 20], #{{ seed: 0 }}); \
        let after = no_grad(|| model.forward(x)); \
        assert(no_grad(|| same.forward(x)) == after && apart.forward(x) != after); \
        assert(same.is_training && !apart.is_training); \
        assert(model.forward(x).requires_grad && !apart.forward(x).requires_grad); \
        run.fit(); let trained = run.model; \
        let opt = sgd(trained); opt.step(trained.forward(x).mean().backward()); \
        assert(run.model.forward(x) != no_grad(|| trained.forward(x)));"
    );
    text(&mut session, &source);
}
