//! Losses of the user's own.

use super::super::closure::{Closure, takes};
use super::super::{Environment, declared};
use crate::script::{Call, Function, ScriptError, Topic, describe};
use auricle_audio::declare::Value;
use auricle_learn::loss::{Loss, LossFunction, OWN_LOSS, UserLoss};
use auricle_learn::tensor::NdTensor;
use auricle_learn::{Error, Tensor};
use rhai::{Dynamic, FnPtr};
use std::sync::Arc;

/// A closure over the views and the labels.
struct Own(Closure);

impl LossFunction for Own {
    fn source(&self) -> &str {
        self.0.source()
    }

    fn of(&self, views: &[Tensor<2>], labels: &[Option<usize>]) -> Result<Tensor<1>, Error> {
        let failed = |why: String| {
            let message = format!("`own_loss({})`: {why}", self.source());
            Error::from(auricle_audio::Error::Callback(message))
        };
        // On validation clips nothing is learned, so nothing is followed.
        let is_followed = views.iter().any(|view| view.device().is_autodiff());
        let views = views
            .iter()
            .cloned()
            .map(NdTensor::from_burn)
            .map(Dynamic::from);
        let label = |label: &Option<usize>| label.map_or(Dynamic::UNIT, |l| (l as i64).into());
        let labels = Dynamic::from_array(labels.iter().map(label).collect());
        let arguments = vec![Dynamic::from_array(views.collect()), labels];
        let made = self.0.call(arguments).map_err(failed)?;
        let what = describe(&made);
        match made.try_cast::<NdTensor>() {
            Some(loss) if loss.len() == 1 && (loss.is_tracked() || !is_followed) => {
                loss.reshape(&[1])?.to_burn("the loss")
            }
            Some(loss) if loss.len() == 1 => {
                let why = "the number does not depend on the views, so nothing can be learned";
                Err(failed(why.to_owned()))
            }
            _ => Err(failed(format!(
                "the function must give a tensor of one number, not {what}"
            ))),
        }
    }
}

/// What a script handed over for a loss, as the one argument of a call or as its option `loss`.
pub(super) fn of_pointer(
    environment: &Environment,
    call: &Call<'_>,
    function: FnPtr,
) -> Result<Loss, ScriptError> {
    let counts = takes(call, &function)?;
    if !counts.is_empty() && !counts.contains(&2) {
        let message = format!(
            "a loss of your own takes the views and the labels, not {} arguments",
            counts[0]
        );
        return Err(ScriptError::new(message).hint("write `|views, labels| ...`"));
    }
    let mut closure = Closure::of_pointer(environment, call, function)?;
    if let Some(option) = option_loss(closure.source()) {
        closure = closure.with_source(option);
    }
    let function = Value::from(UserLoss::new(Own(closure)));
    Ok(OWN_LOSS.with([("function".to_owned(), function)])?)
}

/// The text of the option `loss` among the arguments of a call.
fn option_loss(arguments: &str) -> Option<String> {
    let (_, behind) = arguments.split_once("loss:")?;
    let behind = behind.trim_start();
    // The comma between the parameters of a closure is none between options.
    let body = match behind.strip_prefix('|') {
        Some(rest) => 1 + rest.find('|')? + 1,
        None => 0,
    };
    let (mut depth, mut quoted) = (0, false);
    let end = behind[body..].char_indices().find(|(_, c)| {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        !quoted && (depth < 0 || depth == 0 && *c == ',')
    });
    let end = end.map_or(behind.len(), |(at, _)| body + at);
    Some(behind[..end].trim().to_owned())
}

pub(super) fn function(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let body = move |call: &Call<'_>| {
        let function = call.raw("function").try_cast::<FnPtr>();
        let function = function.ok_or_else(|| call.wrong("function", "`|views, labels| ...`"))?;
        Ok(Dynamic::from(of_pointer(&environment, call, function)?))
    };
    declared::function(&OWN_LOSS, Topic::Tensors, body).returns("loss")
}

#[cfg(test)]
mod tests {
    use super::option_loss;
    use crate::script::{Shown, Silent};
    use crate::{Session, Settings};
    use std::sync::Arc;

    #[test]
    fn the_source_of_an_option_ends_where_the_next_begins() {
        let source = |text| option_loss(text).unwrap();
        let written = "m, d, #{ epochs: 1, loss: |v, l| align(v[0], v[1]), out: () }";
        assert_eq!(source(written), "|v, l| align(v[0], v[1])");
        let block = "#{ loss: |v, l| { let x = #{ a: \"}\" }; f(v, x) } }";
        assert_eq!(source(block), "|v, l| { let x = #{ a: \"}\" }; f(v, x) }");
        assert_eq!(source("d, #{ loss: mine, batch: 4 }"), "mine");
        assert_eq!(option_loss("|v, l| align(v[0], v[1])"), None);
    }

    const RUN: &str = "let clips = []; for i in 0..8 { \
            clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
        let data = dataset(clips); let temperature = 0.5; \
        let run = |loss| { let run = simclr(resnet18(#{ width: 4, seed: 1 }), data, #{ loss: loss, \
            recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 2, batch: 4, \
            seed: 0, out: () }); run.fit(); run }; ";

    fn text(source: &str) -> String {
        let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        match session.eval("cell", &format!("{RUN}{source}")) {
            Ok(outcome) => Shown::text_of(&outcome.value),
            Err(error) => error.message,
        }
    }

    #[test]
    fn a_loss_of_ones_own_trains_as_the_one_that_it_calls() {
        let losses = |loss: &str| text(&format!("run.call({loss}).history().losses"));
        let built_in = losses("nt_xent(0.5)");
        let own = "|views, labels| nt_xent(views[0], views[1], temperature)";
        assert_eq!(losses(own), built_in);
        assert_eq!(losses(&format!("own_loss({own})")), built_in);
        // Labels arrive as they are.
        let supcon = losses("supcon(0.1)");
        let own = "|views, labels| supcon(0.1).of(views[0], views[1], labels)";
        assert_eq!(losses(own), supcon);
    }

    #[test]
    fn what_is_no_loss_is_told() {
        let error = |loss: &str| text(&format!("run.call({loss})"));
        assert!(error("|views| 1").contains("takes the views and the labels"));
        assert!(error("|views, labels| views[0]").contains("a tensor of one number"));
        assert!(error("|views, labels| tensor([1])").contains("does not depend on the views"));
        assert!(error("|views, labels| nothing(views)").contains("nothing"));
    }
}
