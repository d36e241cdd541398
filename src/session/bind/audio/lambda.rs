//! Functions of the user's inside recipes.

use super::super::Environment;
use super::super::closure::{self, Closure};
use crate::script::{Call, ScriptError, describe};
use auricle_audio::augment::{UserFunction, WaveFunction};
use auricle_audio::{Error, Waveform};
use rhai::{AST, Dynamic, FnPtr};

/// A closure over waves.
struct Lambda {
    closure: Closure,
    /// Whether it takes a seed behind the wave.
    seeded: bool,
}

impl WaveFunction for Lambda {
    fn source(&self) -> &str {
        self.closure.source()
    }

    fn call(&self, wave: Waveform, seed: f64) -> Result<Waveform, Error> {
        let mut arguments = vec![Dynamic::from(wave)];
        if self.seeded {
            arguments.push((seed as i64).into());
        }
        let failed = |why: String| Error::Callback(format!("`lambda({})`: {why}", self.source()));
        let made = self.closure.call(arguments).map_err(failed)?;
        let what = describe(&made);
        made.try_cast::<Waveform>()
            .ok_or_else(|| failed(format!("the function must give a wave, not {what}")))
    }
}

/// A function that a script handed over.
pub(super) fn of_pointer(
    environment: &Environment,
    call: &Call<'_>,
    function: FnPtr,
) -> Result<UserFunction, ScriptError> {
    let seeded = match closure::takes(call, &function)?.as_slice() {
        // A function of the language itself, such as `Fn("reverse")`.
        [] => false,
        counts if counts.contains(&2) => true,
        counts if counts.contains(&1) => false,
        [n, ..] => {
            return Err(ScriptError::new(format!(
                "the function of `lambda` takes a wave, or a wave and a seed, not {n} arguments"
            ))
            .hint("write `lambda(|w| ...)` or `lambda(|w, seed| ...)`"));
        }
    };
    let closure = Closure::of_pointer(environment, call, function)?;
    Ok(UserFunction::new(Lambda { closure, seeded }))
}

/// A function from its source, as JSON keeps it. It sees the functions of the session.
pub(super) fn of_source(
    environment: &Environment,
    call: &Call<'_>,
    source: &str,
) -> Result<UserFunction, Error> {
    let cannot =
        |why: String| Error::Callback(format!("`lambda({source})` cannot be made again: {why}"));
    let engine = closure::engine(environment).map_err(|error| cannot(error.message))?;
    let context = call.context().map_err(|error| cannot(error.message))?;
    let written = engine
        .compile(source)
        .map_err(|error| cannot(error.to_string()))?;
    let function = engine.eval_ast::<FnPtr>(&written).map_err(|_| {
        cannot("its source is no closure such as `|w| w.reverse()`, so it belongs to the session that made it".into())
    })?;
    let seeded = written
        .iter_functions()
        .any(|known| known.name == function.fn_name() && known.params.len() == 2);
    let functions = context
        .namespaces()
        .iter()
        .fold(AST::empty(), |all, module| {
            all.merge(&AST::new([], module.clone()))
        });
    let functions = functions.merge(&written.clone_functions_only());
    let closure = Closure::new(source.to_owned(), engine, move |engine, arguments| {
        function.call(engine, &functions, arguments)
    });
    Ok(UserFunction::new(Lambda { closure, seeded }))
}

#[cfg(test)]
mod tests {
    use crate::script::{Shown, Silent};
    use crate::{Session, Settings};
    use std::sync::Arc;

    fn session() -> Session {
        Session::new(Settings::default(), Arc::new(Silent)).unwrap()
    }

    fn value(session: &mut Session, text: &str) -> String {
        let outcome = session
            .eval("cell 1", text)
            .unwrap_or_else(|d| panic!("{}", d.render(false)));
        Shown::text_of(&outcome.value)
    }

    #[test]
    fn a_recipe_with_functions_prints_as_its_source_and_comes_back_from_json() {
        let mut session = session();
        let text = "fn softer(w) { 0.5 * w }\nlet k = 3;\nlet r = gain(1..2) |> lambda(|w| softer(w)  /* twice */ |> |v| softer(v))\n\
                    |> lambda(|w, seed| noise(20).apply(w, #{ seed: seed })); r";
        let printed = value(&mut session, text);
        assert_eq!(
            printed,
            "gain(1..2) |> lambda(|w| softer(w)  /* twice */ |> |v| softer(v)) |> lambda(|w, seed| noise(20).apply(w, #{ seed: seed }))"
        );
        assert_eq!(
            value(&mut session, &format!("let again = {printed}; again == r")),
            "true"
        );
        let same = "let x = tone(440, 0.1); let back = from_json(to_json(r)); \
                    back == r && (x |> back) == (x |> r) && r.replay(x, r.trace(x)) == (x |> r)";
        assert_eq!(value(&mut session, same), "true");
        // The seed is the clip's own.
        assert_eq!(
            value(
                &mut session,
                "r.apply(x, #{ item: 1 }) == r.apply(x, #{ item: 2 })"
            ),
            "false"
        );
        // What a closure captures goes along, and a session's function can stand alone.
        assert_eq!(
            value(
                &mut session,
                "(wave([0.1], 8000) |> lambda(|w| k * w)).peak() > 0.29"
            ),
            "true"
        );
        assert_eq!(
            value(
                &mut session,
                "(wave([0.1], 8000) |> lambda(Fn(\"softer\"))).peak() < 0.06"
            ),
            "true"
        );
    }

    #[test]
    fn what_goes_wrong_inside_is_said() {
        let mut session = session();
        let mut failure = |text: &str| session.eval("cell 1", text).unwrap_err().message;
        assert_eq!(
            failure("tone(440, 0.1) |> lambda(|w| 3)"),
            "`lambda(|w| 3)`: the function must give a wave, not the number 3"
        );
        assert_eq!(
            failure("tone(440, 0.1) |> lambda(|w| gain(w))"),
            "`lambda(|w| gain(w))`: `gain_db` must be a number or a distribution within -200..100, not a wave"
        );
        assert!(
            failure("lambda(|a, b, c| a)").contains("takes a wave, or a wave and a seed, not 3")
        );
        assert!(failure("lambda(3)").contains("`function` must be a function of a wave"));
        assert!(
            failure("let f = |w| w; from_json(to_json(lambda(f)))")
                .contains("cannot be made again")
        );
    }

    #[cfg(feature = "learn")]
    #[test]
    fn threads_run_it_deeply_and_alike() {
        let deep = "fn down(w, n) { if n == 0 { w } else { down(w, n - 1) } }\n\
                    let clips = []; for i in 0..8 { clips.push(#{ wave: tone(200 + 50 * i, 0.1) }) }\n\
                    let r = lambda(|w| down(w, 60)) |> noise(10) |> log_mel(#{ n_mels: 8, n_fft: 256, hop_length: 128 });\n\
                    let run = simclr(resnet18(#{ width: 4 }), dataset(clips), \
                    #{ recipe: views(2, r), epochs: 1, batch: 4, out: () }); run.fit(); `${run.history()}`";
        let losses: Vec<String> = [1, 4]
            .map(|threads| {
                let settings = Settings {
                    threads: Some(threads),
                    ..Settings::default()
                };
                value(&mut Session::new(settings, Arc::new(Silent)).unwrap(), deep)
            })
            .to_vec();
        // The first line says how long it took.
        let results = |history: &String| {
            history
                .split_once('\n')
                .map(|(_, results)| results.to_owned())
        };
        assert_eq!(results(&losses[0]), results(&losses[1]));
        assert!(
            results(&losses[0]).is_some_and(|results| results.starts_with("loss ")),
            "{losses:?}"
        );
    }
}
