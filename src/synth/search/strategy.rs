//! The evolution strategy of a lane of a search.

use auricle_audio::Rng;

/// The distribution from which patches are drawn, `m + sigma D z`. Letters are those of the paper.
///
/// The covariance is kept diagonal ("sep-CMA-ES": Ros and Hansen, "A Simple Modification in CMA-ES Achieving Linear Time and
/// Space Complexity", 2008), for a graph has up to some hundred parameters and a search some thousand sounds, too few to learn
/// how each pair of parameters goes together.
#[derive(Clone)]
pub(super) struct Strategy {
    m: Vec<f64>,
    sigma: f64,
    /// Variances of the parameters.
    c: Vec<f64>,
    p_sigma: Vec<f64>,
    p_c: Vec<f64>,
    generations: i32,
}

impl Strategy {
    /// Begins around a patch of raw values.
    pub(super) fn new(start: &[f64], sigma: f64) -> Strategy {
        let n = start.len();
        Strategy {
            m: start.to_vec(),
            sigma,
            c: vec![1.0; n],
            p_sigma: vec![0.0; n],
            p_c: vec![0.0; n],
            generations: 0,
        }
    }

    /// The standard deviation of the least certain parameter, raw units.
    pub(super) fn spread(&self) -> f64 {
        self.sigma * self.c.iter().copied().fold(0.0, f64::max).sqrt()
    }

    /// A patch. What would leave `[0, 1]` is mirrored at its ends.
    pub(super) fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        let one = |(m, c): (&f64, &f64)| mirrored(m + self.sigma * c.sqrt() * rng.normal());
        self.m.iter().zip(&self.c).map(one).collect()
    }

    /// Moves the mean to a patch that was found in another way, and forgets the way there.
    pub(super) fn leap(&mut self, to: &[f64], sigma: f64) {
        self.m.copy_from_slice(to);
        self.sigma = self.sigma.max(sigma);
        self.p_sigma.fill(0.0);
        self.p_c.fill(0.0);
        self.generations = 0;
    }

    /// Learns from patches that were drawn, the nearest first: the better half of them counts.
    pub(super) fn learn(&mut self, ranked: &[&Vec<f64>]) {
        let mu = (ranked.len() / 2).max(1);
        let raw: Vec<f64> = (1..=mu)
            .map(|i| libm::log((mu as f64 + 0.5) / i as f64))
            .collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.into_iter().map(|w| w / sum).collect();
        let chosen = &ranked[..mu];

        let n = self.m.len() as f64;
        let mu_eff = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        let d_sigma = 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma;
        let c_c = (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n);
        // A diagonal is learned faster than a matrix, by (n + 2) / 3.
        let faster = (n + 2.0) / 3.0;
        let c_1 = (faster * 2.0 / ((n + 1.3).powi(2) + mu_eff)).min(0.5);
        let c_mu = faster * 2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0).powi(2) + mu_eff);
        let c_mu = c_mu.min(1.0 - c_1).max(0.0);
        let chi = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));

        self.generations += 1;
        let before = self.m.clone();
        for place in 0..self.m.len() {
            let weighted = chosen.iter().zip(&weights).map(|(x, w)| w * x[place]);
            self.m[place] = weighted.sum();
            let step = (self.m[place] - before[place]) / self.sigma;
            let along = (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt() * step / self.c[place].sqrt();
            self.p_sigma[place] = (1.0 - c_sigma) * self.p_sigma[place] + along;
        }
        let length = self.p_sigma.iter().map(|p| p * p).sum::<f64>().sqrt();
        let settled = (1.0 - (1.0 - c_sigma).powi(2 * self.generations)).sqrt();
        let is_usual = length / settled < (1.4 + 2.0 / (n + 1.0)) * chi;
        for place in 0..self.m.len() {
            let step = (self.m[place] - before[place]) / self.sigma;
            let along = match is_usual {
                true => (c_c * (2.0 - c_c) * mu_eff).sqrt() * step,
                false => 0.0,
            };
            self.p_c[place] = (1.0 - c_c) * self.p_c[place] + along;
            let spread = chosen
                .iter()
                .zip(&weights)
                .map(|(x, w)| w * ((x[place] - before[place]) / self.sigma).powi(2));
            let rank_mu: f64 = spread.sum();
            self.c[place] =
                (1.0 - c_1 - c_mu) * self.c[place] + c_1 * self.p_c[place].powi(2) + c_mu * rank_mu;
            self.c[place] = self.c[place].clamp(1e-12, 1e6);
        }
        self.sigma *= libm::exp((c_sigma / d_sigma) * (length / chi - 1.0));
        self.sigma = self.sigma.clamp(1e-6, 0.5);
    }
}

/// A number brought into `[0, 1]` by mirrors at the ends.
pub(super) fn mirrored(x: f64) -> f64 {
    let x = x.rem_euclid(2.0);
    if x > 1.0 { 2.0 - x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_mirrored_into_its_range() {
        for (x, want) in [(0.4, 0.4), (1.2, 0.8), (-0.3, 0.3), (2.1, 0.1)] {
            assert!((mirrored(x) - want).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn the_minimum_of_a_stretched_bowl_is_found() {
        let want = [0.3, 0.7, 0.5, 0.2];
        let of = |x: &Vec<f64>| {
            let terms = x.iter().zip(&want).enumerate();
            terms
                .map(|(i, (x, w))| 10f64.powi(2 * i as i32) * (x - w).powi(2))
                .sum::<f64>()
        };
        let mut strategy = Strategy::new(&[0.5; 4], 0.2);
        for generation in 0..150 {
            let mut rng = Rng::from_words(&[generation]);
            let mut drawn: Vec<Vec<f64>> = (0..12).map(|_| strategy.draw(&mut rng)).collect();
            drawn.sort_by(|a, b| of(a).total_cmp(&of(b)));
            strategy.learn(&drawn.iter().collect::<Vec<_>>());
        }
        assert!(of(&strategy.m) < 1e-8, "{:?}", strategy.m);
        assert!(strategy.spread() < 1e-2);
    }
}
