//! Cutting features into patches along time.

use super::mel::COUNT;
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Parameter, Transform, Workspace,
};
use crate::{Error, Rng};
use std::sync::Arc;

/// Patch `p` holds frames `p * hop .. p * hop + n_frames`; the frames behind the last whole patch are dropped. Patches
/// become channels: all channels of the first, then all of the second, and so on.
pub(super) static PATCHES: Declaration = Declaration {
    name: "patches",
    about: "Cuts features into patches of a number of frames, which become channels; what is left at the end is dropped.",
    citation: "Hershey et al., CNN Architectures for Large-Scale Audio Classification, 2017 (VGGish: 96 frames)",
    parameters: &[
        Parameter::positional(
            "n_frames",
            COUNT,
            DefaultValue::Number(96.0),
            "frames of a patch",
        ),
        Parameter::option(
            "hop",
            COUNT,
            DefaultValue::Absent,
            "frames from one patch to the next; `n_frames` if not given",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &[],
    },
    example: "let m = tone(440, 2) |> log_mel(#{ preset: \"vggish\" }) |> patches(96); assert(m.shape == [2, 64, 96])",
    build: |settings| {
        let n_frames = settings.count("n_frames");
        Ok(Arc::new(Patches {
            n_frames,
            hop: settings.count_if("hop").unwrap_or(n_frames),
        }))
    },
};

struct Patches {
    n_frames: usize,
    hop: usize,
}

impl Transform for Patches {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let features = &mut work.features;
        let Some(room) = features.n_frames.checked_sub(self.n_frames) else {
            let (there, want) = (features.n_frames, self.n_frames);
            return Err(Error::Unusable(format!(
                "{there} frames are too few for a patch of {want}"
            )));
        };
        let n_patches = 1 + room / self.hop;
        work.spare.clear();
        for patch in 0..n_patches {
            let start = patch * self.hop;
            for band in features.values.chunks(features.n_frames) {
                work.spare
                    .extend_from_slice(&band[start..start + self.n_frames]);
            }
        }
        std::mem::swap(&mut features.values, &mut work.spare);
        features.n_channels *= n_patches;
        features.n_frames = self.n_frames;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::features::Features;
    use crate::{Error, Key, augment::Workspace};

    #[test]
    fn patches_are_cut_in_order_and_the_rest_is_dropped() {
        let patches = |n_frames: f64, hop: f64| {
            let given = [("n_frames", n_frames), ("hop", hop)];
            let given = given.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
            let recipe: Recipe = Stage::new(declaration("patches").unwrap(), given)
                .unwrap()
                .into();
            let mut work = Workspace::default();
            let values = (0..14).map(|i| i as f32).collect();
            work.load_features(&Features {
                values,
                n_channels: 1,
                n_bands: 2,
                n_frames: 7,
                ..Features::default()
            });
            recipe
                .run(Key::of_seed(0), &mut work)
                .map(|()| work.features)
        };
        let cut = patches(3.0, 3.0).unwrap();
        assert_eq!(cut.shape(), [2, 2, 3]);
        assert_eq!(
            cut.values,
            [
                0.0, 1.0, 2.0, 7.0, 8.0, 9.0, 3.0, 4.0, 5.0, 10.0, 11.0, 12.0
            ]
        );
        assert_eq!(patches(3.0, 2.0).unwrap().band(2, 1), [11.0, 12.0, 13.0]);
        assert!(matches!(patches(8.0, 1.0), Err(Error::Unusable(_))));
    }
}
