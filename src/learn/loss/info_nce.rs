//! Contrast with a queue of earlier keys.

use super::described::{Input, LossDeclaration, LossFacts, Reads, computed};
use super::nt_xent::temperature;
use super::similarity::{check_positive, check_views, normalized, similarities};
use crate::Error;
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// See [`info_nce`].
pub static INFO_NCE: LossDeclaration = LossDeclaration {
    name: "info_nce",
    about: "Computes InfoNCE of queries with their keys against a queue of earlier keys, as MoCo \
        does; given a temperature alone, describes it.",
    citation: "He et al., 2020, equation 1; nothing flows into keys and queue",
    parameters: &[temperature(0.2)],
    facts: LossFacts {
        views: false,
        inputs: &[
            Input::rows("queries", "projections of one view, [batch, dim]"),
            Input::rows(
                "keys",
                "projections of the other view by the moving average",
            ),
            Input::positional("queue", Reads::Queue, "earlier keys, [length, dim]"),
        ],
    },
    example: "let q = tensor([[1, 0]]); let l = info_nce(q, q, tensor([[0, 1]]), #{ temperature: 1 }); \
        assert_near(l.item(), ln(1 + exp(-1.0)), 1e-5)",
    build: |settings| {
        let temperature = settings.number("temperature");
        computed(move |given| {
            let name = INFO_NCE.name;
            let [queries, keys] = given.two(name, "queries and keys")?;
            let what = "a queue";
            let queue = given.queue.ok_or(Error::Missing { name, what })?;
            info_nce(queries, keys, queue, temperature)
        })
    },
};

/// Computes InfoNCE of queries with their keys against a queue of other keys, as MoCo does.
///
/// `-log( exp(q.k / t) / (exp(q.k / t) + sum_j exp(q.n_j / t)) )`, averaged over queries; all rows
/// are normalized here, and nothing flows into keys and queue. He et al., "Momentum Contrast",
/// 2020, eq. 1; MoCo v2 (Chen et al., 2020) has a temperature of 0.2.
///
/// # Shapes
/// `queries`, `keys`: `[batch, dim]`, where row `n` of each is a view of clip `n`; `queue`:
/// `[length, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if they do not fit each other; [`Error::Range`] if there is no query or key in
/// the queue, or `temperature` is not above 0.
pub fn info_nce(
    queries: Tensor<2>,
    keys: Tensor<2>,
    queue: Tensor<2>,
    temperature: f64,
) -> Result<Tensor<1>, Error> {
    let [n, dim] = check_views(&queries, &keys)?;
    check_positive("temperature", temperature)?;
    let [length, width] = queue.dims();
    if width != dim {
        return Err(Error::Shape {
            what: "the queue",
            want: format!("[length, {dim}]"),
            got: vec![length, width],
        });
    }
    if length == 0 {
        return Err(Error::range("queue", "at least 1 key long", 0));
    }
    let queries = normalized(queries);
    let positive = (queries.clone() * normalized(keys.detach()))
        .sum_dim(1)
        .div_scalar(temperature);
    let negatives = similarities(queries, normalized(queue.detach()), temperature);
    let log_p = log_softmax(Tensor::cat(vec![positive, negatives], 1), 1);
    Ok(log_p.narrow(1, 0, 1).reshape([n]).mean().neg())
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, cosine, value};
    use super::*;

    #[test]
    fn it_is_its_double_loop_and_nothing_flows_into_keys() {
        let [q, k, queue] = [
            Rows::drawn(3, 4, 1),
            Rows::drawn(3, 4, 2),
            Rows::drawn(6, 4, 3),
        ];
        let t = 0.2;
        let mut want = 0.0;
        for (query, key) in q.rows().zip(k.rows()) {
            let positive = (cosine(query, key) / t).exp();
            let negatives = queue.rows().map(|other| (cosine(query, other) / t).exp());
            want -= (positive / (positive + negatives.sum::<f64>())).ln() / 3.0;
        }
        let still = [k.tensor(), queue.tensor()];
        let loss = |x: &[Tensor<2>]| {
            let [k, queue] = still.clone();
            info_nce(x[0].clone(), k, queue, t).unwrap()
        };
        assert_near(value(loss(&[q.tensor()])), want, 1e-12);
        check_gradient(&[&q], loss);
        let key = k.tensor().require_grad();
        let query = q.tensor().require_grad();
        let gradients = info_nce(query, key.clone(), queue.tensor(), t)
            .unwrap()
            .backward();
        assert!(key.grad(&gradients).is_none());
    }

    #[test]
    fn a_queue_that_does_not_fit_is_said() {
        let [q, queue] = [Rows::drawn(2, 3, 1), Rows::drawn(4, 2, 2)];
        let error = info_nce(q.tensor(), q.tensor(), queue.tensor(), 0.2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the queue must be [length, 3], not [4, 2]"
        );
    }
}
