//! What happened in each epoch: figures by name, in the order in which they were measured.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The figure that a run is trained by.
pub const LOSS: &str = "loss";
pub(super) const LEARNING_RATE: &str = "learning_rate";
const SECONDS: &str = "seconds";
const CLIPS_PER_S: &str = "clips_per_s";
const WAITING: &str = "waiting";
/// What the loop itself tells: how it went about, not what was learned.
const OF_THE_LOOP: [&str; 4] = [LEARNING_RATE, SECONDS, CLIPS_PER_S, WAITING];
const EPOCH: &str = "epoch";

/// The name of a figure as a reader reads it.
pub fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EpochRecord {
    /// Which, from 1.
    pub epoch: usize,
    /// Its figures, in order. A run has `loss`, the mean over its steps; `learning_rate`, that of its last step; what its
    /// method measures and the signs of a collapse; `seconds` of wall time, `clips_per_s`, and `waiting`, the share of the
    /// time that the model waited for data.
    pub figures: Vec<(String, f64)>,
}

impl EpochRecord {
    /// The figure of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.figures.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| *value)
    }

    /// An epoch without figures.
    pub fn new(epoch: usize) -> EpochRecord {
        EpochRecord {
            epoch,
            figures: Vec::new(),
        }
    }

    /// Adds a figure.
    pub fn push(&mut self, name: &str, value: f64) {
        self.figures.push((name.to_owned(), value));
    }

    /// Adds what an epoch of some clips cost: its time, and the part of it spent waiting, s.
    pub fn push_cost(&mut self, n_clips: usize, [seconds, waited]: [f64; 2]) {
        self.push(SECONDS, seconds);
        self.push(CLIPS_PER_S, n_clips as f64 / seconds.max(1e-9));
        self.push(WAITING, waited / seconds.max(1e-9));
    }
}

/// All epochs so far.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// The epochs in order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The names of all figures, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(|epoch| &epoch.figures) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// The names of those figures that tell what was learned, the loss first.
    pub fn followed(&self) -> Vec<&str> {
        let mut names = self.names();
        names.retain(|name| !OF_THE_LOOP.contains(name));
        names
    }

    /// A figure over the epochs; not a number where an epoch lacks it.
    pub fn curve(&self, name: &str) -> Vec<f64> {
        let epochs = self.epochs.iter();
        epochs
            .map(|epoch| epoch.get(name).unwrap_or(f64::NAN))
            .collect()
    }

    /// The losses in order.
    pub fn losses(&self) -> Vec<f64> {
        self.curve(LOSS)
    }

    /// Wall time of all epochs, s, and the part of it that the model waited for data.
    pub fn seconds(&self) -> [f64; 2] {
        let epochs = self.curve(SECONDS).into_iter().zip(self.curve(WAITING));
        epochs.fold([0.0; 2], |[total, waited], (seconds, share)| {
            [total + seconds, waited + seconds * share]
        })
    }

    /// The history as CSV: a column for each figure, empty where an epoch lacks it.
    pub fn to_csv(&self) -> String {
        let names = self.names();
        let mut out = EPOCH.to_owned();
        for name in &names {
            out += ",";
            out += name;
        }
        out += "\n";
        for epoch in &self.epochs {
            out += &epoch.epoch.to_string();
            for name in &names {
                out += ",";
                out += &epoch
                    .get(name)
                    .map(|value| value.to_string())
                    .unwrap_or_default();
            }
            out += "\n";
        }
        out
    }

    /// A line of JSON for every epoch.
    pub fn to_json_lines(&self) -> String {
        let lines = self.epochs.iter();
        lines
            .filter_map(|epoch| serde_json::to_string(epoch).ok())
            .map(|line| line + "\n")
            .collect()
    }
}

impl Serialize for EpochRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.figures.len()))?;
        map.serialize_entry(EPOCH, &self.epoch)?;
        for (name, value) in &self.figures {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for EpochRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EpochRecord, D::Error> {
        struct Figures;
        impl<'de> Visitor<'de> for Figures {
            type Value = EpochRecord;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an epoch: a map of names and numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EpochRecord, A::Error> {
                let mut record = EpochRecord::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name == EPOCH {
                        record.epoch = map.next_value()?;
                    } else {
                        // JSON has no word for what is not a number.
                        let value: Option<f64> = map.next_value()?;
                        record.figures.push((name, value.unwrap_or(f64::NAN)));
                    }
                }
                Ok(record)
            }
        }
        deserializer.deserialize_map(Figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_order_and_their_values() {
        let json = r#"{"epochs":[{"epoch":1,"loss":1.5,"z":0.25,"a":2.0},{"epoch":2,"loss":1.0,"z":null,"new":3.0}]}"#;
        let history: History = serde_json::from_str(json).unwrap();
        assert_eq!(history.names(), ["loss", "z", "a", "new"]);
        assert_eq!(history.losses(), [1.5, 1.0]);
        assert_eq!(serde_json::to_string(&history).unwrap(), json);
        let csv = history.to_csv();
        assert_eq!(csv, "epoch,loss,z,a,new\n1,1.5,0.25,2,\n2,1,NaN,,3\n");
    }

    #[test]
    fn what_the_loop_tells_is_not_what_was_learned() {
        let mut epoch = EpochRecord::new(1);
        epoch.push(LOSS, 2.0);
        epoch.push(LEARNING_RATE, 0.1);
        epoch.push("alignment", 0.5);
        epoch.push_cost(100, [4.0, 1.0]);
        let history = History {
            epochs: vec![epoch.clone(), epoch],
        };
        assert_eq!(history.followed(), ["loss", "alignment"]);
        assert_eq!(history.seconds(), [8.0, 2.0]);
        assert_eq!(history.epochs[0].get("clips_per_s"), Some(25.0));
    }
}
