//! From several channels to one.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::{Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y[n] = sum_c x_c[n] / C`, or one of the channels.
pub(super) static MONO: Declaration = Declaration {
    name: "mono",
    about: "Mixes all channels down to one: their mean, one of them, or a random one.",
    citation: "",
    parameters: &[Parameter::option(
        "channel",
        Kind::WordOrNumber {
            words: &words(&CHANNELS),
            low: 0.0,
            high: 65_535.0,
        },
        DefaultValue::Word("mean"),
        "the mean of all channels, a random one drawn for every clip, or the number of one, from 0",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["channel_share"],
    },
    example: "let x = wave([[1.0, 2.0], [3.0, 6.0]], 8000); assert((x |> mono()).samples() == [2.0, 4.0])",
    build: |settings| {
        let channel = match (
            settings.number_if("channel"),
            settings.word_if("channel", &CHANNELS),
        ) {
            (Some(number), _) if number.fract() != 0.0 => {
                return Err(Error::range("channel", "a whole number", number));
            }
            (Some(number), _) => Channel::Number(number as usize),
            (None, Some(channel)) => channel,
            _ => Channel::Mean,
        };
        Ok(Arc::new(Mono { channel }))
    },
};

const CHANNELS: [(&str, Channel); 2] = [("mean", Channel::Mean), ("random", Channel::Random)];

#[derive(Clone, Copy)]
enum Channel {
    Mean,
    Random,
    Number(usize),
}

struct Mono {
    channel: Channel,
}

impl Transform for Mono {
    /// How many channels there are is not known yet, so the random one is drawn as a share of them.
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![if matches!(self.channel, Channel::Random) {
            rng.uniform()
        } else {
            0.0
        }]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (n, n_channels) = (work.input().n, work.n_channels);
        let chosen = match self.channel {
            Channel::Mean => {
                let (first, others) = work.samples.split_at_mut(n);
                // The sum is taken in double precision: it may exceed what the mean does not.
                for (i, x) in first.iter_mut().enumerate() {
                    let sum = (0..n_channels.saturating_sub(1))
                        .map(|c| f64::from(others[c * n + i]))
                        .sum::<f64>();
                    *x = ((f64::from(*x) + sum) / n_channels as f64) as f32;
                }
                0
            }
            Channel::Random => {
                ((draws[0].clamp(0.0, 1.0) * n_channels as f64) as usize).min(n_channels - 1)
            }
            Channel::Number(number) if number < n_channels => number,
            Channel::Number(number) => {
                let want = format!("less than {n_channels}, the channels of the clip");
                return Err(Error::range("channel", want, number));
            }
        };
        work.samples.copy_within(chosen * n..(chosen + 1) * n, 0);
        work.samples.truncate(n);
        work.n_channels = 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Waveform};

    fn mono(channel: Value) -> Recipe {
        Stage::new(
            declaration("mono").unwrap(),
            [("channel".to_owned(), channel)],
        )
        .unwrap()
        .into()
    }

    #[test]
    fn one_channel_is_left_with_the_mean_or_what_was_in_it() {
        let clip = Waveform::new(vec![1.0, 2.0, 3.0, 6.0, 8.0, 1.0], 3, 8000).unwrap();
        let made = |channel: Value, item| {
            mono(channel).wave(
                &clip,
                Key {
                    item,
                    ..Key::of_seed(1)
                },
            )
        };
        let mean = made(Value::Word("mean".into()), 0).unwrap();
        assert_eq!(
            (mean.samples(), mean.n_channels()),
            ([4.0, 3.0].as_slice(), 1)
        );
        assert_eq!(
            made(Value::Drawn(2.0.into()), 0).unwrap().samples(),
            [8.0, 1.0]
        );
        let error = made(Value::Drawn(3.0.into()), 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`channel` must be less than 3, the channels of the clip, not 3"
        );
        let first: Vec<f32> = (0..60)
            .map(|i| made(Value::Word("random".into()), i).unwrap().samples()[0])
            .collect();
        assert!(
            [1.0, 3.0, 8.0].iter().all(|x| first.contains(x)),
            "{first:?}"
        );
    }
}
