//! What the filter stages share: how a filter is designed from the drawn values and run over a clip.

use super::{DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::declare::{Settings, words};
use crate::dsp::{Biquad, Cascade, Start, cycles};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;

/// What a frequency may be. Above the Nyquist frequency of a clip it is limited, see [`cycles`].
pub(super) const HERTZ: Kind = Kind::Drawn {
    low: LOWEST_HZ,
    high: HIGHEST_HZ,
};
/// What the gain of a shelf or a bell may be.
pub(super) const DECIBEL: Kind = Kind::Drawn {
    low: -LARGEST_DB,
    high: LARGEST_DB,
};
/// What a quality may be.
pub(super) const QUALITY: Kind = Kind::Drawn {
    low: LOWEST_Q,
    high: HIGHEST_Q,
};

const LOWEST_HZ: f64 = 1.0;
const HIGHEST_HZ: f64 = 1e6;
const LARGEST_DB: f64 = 60.0;
const LOWEST_Q: f64 = 0.05;
const HIGHEST_Q: f64 = 100.0;
const HIGHEST_ORDER: f64 = 12.0;

pub(super) const ORDER: Parameter = Parameter::option(
    "order",
    Kind::Drawn {
        low: 1.0,
        high: HIGHEST_ORDER,
    },
    DefaultValue::Number(2.0),
    "order of the Butterworth filter, rounded; each is 6 dB per octave on a side, and with `zero_phase` 12",
);

pub(super) const CENTER_HZ: Parameter = Parameter::positional(
    "center_hz",
    HERTZ,
    DefaultValue::LogRange(200.0, 4000.0),
    "middle of the band, Hz; edges above 0.9999 of the Nyquist frequency are limited to it",
);

pub(super) const BANDWIDTH: Parameter = Parameter::option(
    "bandwidth",
    Kind::Drawn {
        low: LOWEST_BANDWIDTH,
        high: HIGHEST_BANDWIDTH,
    },
    DefaultValue::Range(0.5, 1.99),
    "width of the band as a share of its centre; at the edges, half of it to each side, the gain is 0.7071",
);

pub(super) const ZERO_PHASE: Parameter = Parameter::option(
    "zero_phase",
    Kind::Flag,
    DefaultValue::Flag(false),
    "whether to filter forwards and backwards, which squares the magnitude and delays nothing",
);

pub(super) const START: Parameter = Parameter::option(
    "start",
    Kind::Word(&words(&Start::WORDS)),
    DefaultValue::Absent,
    "what came before the clip: its first sample forever (\"steady\"), or silence (\"rest\"); if not given, \"steady\" for \
     a Butterworth filter and \"rest\" for a biquad; with `zero_phase` it is always steady",
);

pub(super) const REST: Parameter = Parameter::option(
    "start",
    Kind::Word(&words(&Start::WORDS)),
    DefaultValue::Word("rest"),
    "what came before the clip: silence (\"rest\"), or its first sample forever (\"steady\")",
);

/// Draws a frequency.
pub(super) fn draw_hz(hz: &Distribution, rng: &mut Rng) -> f64 {
    hz.draw_within(rng, LOWEST_HZ, HIGHEST_HZ)
}

/// Draws the gain of a shelf or a bell.
pub(super) fn draw_db(gain_db: &Distribution, rng: &mut Rng) -> f64 {
    gain_db.draw_within(rng, -LARGEST_DB, LARGEST_DB)
}

/// Draws a quality.
pub(super) fn draw_q(q: &Distribution, rng: &mut Rng) -> f64 {
    q.draw_within(rng, LOWEST_Q, HIGHEST_Q)
}

/// How a filter runs over a clip.
#[derive(Clone, Copy)]
pub(super) enum Pass {
    Forwards(Start),
    ZeroPhase,
}

impl Pass {
    /// Reads `start`, of a stage that has no `zero_phase`.
    pub(super) fn forwards(settings: &Settings<'_>) -> Pass {
        Pass::Forwards(settings.word("start", &Start::WORDS))
    }

    pub(super) fn run(self, cascade: &Cascade, work: &mut Workspace) {
        for channel in work.channels_mut() {
            match self {
                Pass::Forwards(start) => cascade.filter(channel, start),
                Pass::ZeroPhase => cascade.filter_zero_phase(channel),
            }
        }
    }
}

/// A filter with one edge, or with two around a centre.
///
/// It is of one of two families: without `q` a Butterworth filter of some order, with `q` a biquad of the cookbook.
pub(super) struct Filter {
    freq_hz: Distribution,
    shape: Shape,
    order: Distribution,
    q: Option<Distribution>,
    pass: Pass,
}

/// How the two families make a filter of a frequency in cycles per sample.
pub(super) enum Shape {
    /// From an order and an edge; from the edge and a quality.
    Side(fn(usize, f64) -> Cascade, fn(f64, f64) -> Biquad),
    /// From an order and two edges; from the centre and a quality.
    Band(
        fn(usize, f64, f64) -> Cascade,
        fn(f64, f64) -> Biquad,
        Distribution,
    ),
}

const LOWEST_BANDWIDTH: f64 = 0.01;
const HIGHEST_BANDWIDTH: f64 = 1.99;

impl Filter {
    pub(super) fn new(
        freq_hz: &str,
        shape: Shape,
        settings: &Settings<'_>,
    ) -> Result<Filter, Error> {
        let (order, q) = (settings.drawn("order"), settings.drawn_if("q"));
        if q.is_some() && order != Distribution::Constant(2.0) {
            return Err(Error::range(
                "order",
                "2 where `q` is given, as a biquad has no other",
                order,
            ));
        }
        let start = settings.word_if("start", &Start::WORDS);
        let usual = if q.is_some() {
            Start::Rest
        } else {
            Start::Steady
        };
        let pass = if settings.flag("zero_phase") {
            Pass::ZeroPhase
        } else {
            Pass::Forwards(start.unwrap_or(usual))
        };
        Ok(Filter {
            freq_hz: settings.drawn(freq_hz),
            shape,
            order,
            q,
            pass,
        })
    }
}

/// Draws the frequency, the order, the quality (0 for a Butterworth filter) and, of a band, its width.
impl Transform for Filter {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let mut draws: Draws = smallvec![
            draw_hz(&self.freq_hz, rng),
            self.order.draw_within(rng, 1.0, HIGHEST_ORDER).round(),
            self.q.as_ref().map_or(0.0, |q| draw_q(q, rng)),
        ];
        if let Shape::Band(_, _, bandwidth) = &self.shape {
            draws.push(bandwidth.draw_within(rng, LOWEST_BANDWIDTH, HIGHEST_BANDWIDTH));
        }
        draws
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (freq_hz, sample_rate) = (draws[0], work.sample_rate);
        let order = draws[1].clamp(1.0, HIGHEST_ORDER) as usize;
        let (Shape::Side(_, biquad) | Shape::Band(_, biquad, _)) = self.shape;
        let cascade = match (&self.q, &self.shape) {
            (Some(_), _) => Cascade::new([biquad(
                cycles(freq_hz, sample_rate),
                draws[2].clamp(LOWEST_Q, HIGHEST_Q),
            )]),
            (None, Shape::Side(butterworth, _)) => butterworth(order, cycles(freq_hz, sample_rate)),
            (None, Shape::Band(butterworth, _, _)) => {
                let bandwidth = draws[3].clamp(LOWEST_BANDWIDTH, HIGHEST_BANDWIDTH);
                let (low, high) = edges(freq_hz, bandwidth, sample_rate);
                butterworth(order, low, high)
            }
        };
        self.pass.run(&cascade, work);
        Ok(())
    }
}

/// The edges of a band in cycles per sample: `center_hz (1 -+ bandwidth / 2)`, each limited as in [`cycles`], and the
/// lower one to 0.99 of the upper one, so that there is a band also where all of it was above the Nyquist frequency.
fn edges(center_hz: f64, bandwidth: f64, sample_rate: u32) -> (f64, f64) {
    let high = cycles(center_hz * (1.0 + bandwidth / 2.0), sample_rate);
    let low = cycles(center_hz * (1.0 - bandwidth / 2.0), sample_rate);
    (low.min(0.99 * high), high)
}
