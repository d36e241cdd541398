//! What examples of runs begin with.

/// A run small enough for an example.
pub(super) const TINY_RUN: &str = "let clips = []; for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
    let run = simclr(resnet18(#{ width: 4 }), dataset(clips), \
    #{ recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 1, batch: 4, out: () });";
