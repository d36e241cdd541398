//! CLAR's three features as a stage.

use super::mel::{COUNT, F_MAX_HZ, HERTZ, edges_in_order};
use super::per_rate::PerRate;
use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Parameter, Transform,
    Workspace,
};
use crate::features::{ClarFeatures, ClarOptions, FrontEnd};
use crate::{Error, Rng};
use std::sync::Arc;

/// Log magnitude, phase and log-mel: see [`ClarFeatures`].
pub(super) static CLAR_FEATURES: Declaration = Declaration {
    name: "clar_features",
    about: "Computes CLAR's three channels: log magnitude and phase at frequencies in equal ratios, and a log-mel \
            spectrogram.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, and its published code",
    parameters: &[
        Parameter::option(
            "n_bands",
            COUNT,
            DefaultValue::Number(128.0),
            "bands of each channel",
        ),
        Parameter::option(
            "n_fft",
            COUNT,
            DefaultValue::Number(2048.0),
            "length of a frame, samples",
        ),
        Parameter::option(
            "hop_length",
            COUNT,
            DefaultValue::Number(128.0),
            "samples from frame to frame",
        ),
        Parameter::option(
            "f_min_hz",
            HERTZ,
            DefaultValue::Number(40.0),
            "lowest frequency, Hz",
        ),
        F_MAX_HZ,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> clar_features(); assert(m.shape == [3, 128, 126])",
    build: |settings| {
        let (n_bands, n_fft, hop_length) = (
            settings.count("n_bands"),
            settings.count("n_fft"),
            settings.count("hop_length"),
        );
        let (f_min_hz, f_max_hz) = (settings.number("f_min_hz"), settings.number_if("f_max_hz"));
        if f_min_hz == 0.0 {
            return Err(Error::range("f_min_hz", "above 0", f_min_hz));
        }
        edges_in_order(f_min_hz, f_max_hz)?;
        Ok(Arc::new(ClarStage(PerRate::new(move |sample_rate| {
            let f_max_hz = f_max_hz.unwrap_or(f64::from(sample_rate) / 2.0);
            ClarFeatures::new(ClarOptions {
                sample_rate,
                n_fft,
                hop_length,
                n_bands,
                f_min_hz,
                f_max_hz,
            })
        }))))
    },
};

struct ClarStage(PerRate<ClarFeatures>);

impl Transform for ClarStage {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let clar = self.0.get(work.sample_rate)?;
        clar.apply(
            &work.samples,
            work.n_channels.max(1),
            &mut work.mel,
            &mut work.features,
        )?;
        work.now_features();
        Ok(())
    }
}
