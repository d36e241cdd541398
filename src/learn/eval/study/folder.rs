//! A study under way, alone or beside other processes.

use super::grid::{Axis, Point, grid, key};
use super::results::{Results, Row};
use crate::Error;
use auricle_audio::io::write_whole;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A study under way.
///
/// With a folder it can be stopped at any moment and taken up again, and several processes, also of several machines that
/// share the folder, work at it at once: what came out at a point is a file of its own, written whole, and who works at a
/// point holds a lock on a file beside it, which ends with the process that holds it.
pub struct Study {
    points: Vec<Point>,
    done: HashMap<usize, Row>,
    folder: Option<PathBuf>,
    /// Whether points that failed are tried again.
    retry: bool,
    held: HashMap<usize, File>,
}

impl Study {
    /// The study of a grid; what stands in the folder already is taken over.
    ///
    /// # Errors
    /// [`Error::Range`] if an axis has no values; whatever reading and writing report.
    pub fn new(axes: &[Axis], folder: Option<&Path>, retry: bool) -> Result<Study, Error> {
        if let Some((name, _)) = axes.iter().find(|(_, values)| values.is_empty()) {
            return Err(Error::Range {
                param: "axes",
                want: "a map of axes, each with at least one value".into(),
                got: format!("`{name}` without any"),
            });
        }
        let mut study = Study {
            points: grid(axes),
            done: HashMap::new(),
            folder: folder.map(Path::to_owned),
            retry,
            held: HashMap::new(),
        };
        for index in 0..study.points.len() {
            study.look(index)?;
        }
        Ok(study)
    }

    /// What a folder holds, of any grid.
    ///
    /// # Errors
    /// Whatever reading reports.
    pub fn load(folder: &Path) -> Result<Results, Error> {
        let entries = std::fs::read_dir(points_of(folder));
        let entries = entries.map_err(|error| auricle_audio::Error::file(folder, error))?;
        let mut rows = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                rows.extend(read(&path)?);
            }
        }
        rows.sort_by_cached_key(|row| serde_json::to_string(&row.point).unwrap_or_default());
        Ok(Results { rows })
    }

    /// Number of points.
    pub fn n_points(&self) -> usize {
        self.points.len()
    }

    /// Number of points that are done, those that failed among them.
    pub fn n_done(&self) -> usize {
        self.done.len()
    }

    /// Takes up the work at a point; no if it is done, or another process is at it.
    ///
    /// # Errors
    /// Whatever reading and writing report.
    pub fn begin(&mut self, index: usize) -> Result<bool, Error> {
        let Some(folder) = self.folder.clone() else {
            return Ok(!self.done.contains_key(&index));
        };
        if self.look(index)? {
            return Ok(false);
        }
        let path = points_of(&folder).join(key(&self.points[index]) + ".lock");
        let failed = |error: std::io::Error| auricle_audio::Error::file(&path, error);
        std::fs::create_dir_all(points_of(&folder)).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
        }
        // Another process may have finished it between the look and the lock.
        if self.look(index)? {
            return Ok(false);
        }
        self.held.insert(index, file);
        Ok(true)
    }

    /// Writes down what came out at a point: figures, or why there are none.
    ///
    /// # Errors
    /// Whatever writing reports.
    pub fn finish(
        &mut self,
        index: usize,
        outcome: Result<BTreeMap<String, Value>, String>,
        seconds: f64,
    ) -> Result<(), Error> {
        let (figures, error) = match outcome {
            Ok(figures) => (figures, None),
            Err(error) => (BTreeMap::new(), Some(error)),
        };
        let row = Row {
            point: self.points[index].clone(),
            figures,
            error,
            seconds,
        };
        if let Some(folder) = &self.folder {
            let file = key(&row.point);
            let text = serde_json::to_string_pretty(&row).unwrap_or_default();
            let points = points_of(folder);
            write_whole(&points.join(file.clone() + ".json"), text.as_bytes())?;
            let _ = std::fs::remove_file(points.join(file + ".lock"));
        }
        self.held.remove(&index);
        self.done.insert(index, row);
        if let Some(folder) = &self.folder {
            // A line a point: all that stand in the folder, so that it does not matter who writes last.
            let all = Study::load(folder)?;
            all.save(&folder.join("results.jsonl"))?;
            all.save(&folder.join("results.csv"))?;
        }
        Ok(())
    }

    /// What came out so far, in the order of the grid.
    ///
    /// # Errors
    /// Whatever reading reports.
    pub fn results(&mut self) -> Result<Results, Error> {
        for index in 0..self.points.len() {
            self.look(index)?;
        }
        let rows = (0..self.points.len()).filter_map(|index| self.done.get(&index).cloned());
        Ok(Results {
            rows: rows.collect(),
        })
    }

    /// Seconds that the points still to be done will take, if they take as long as those that are.
    pub fn seconds_left(&self) -> f64 {
        let spent: f64 = self.done.values().map(|row| row.seconds).sum();
        let left = self.points.len() - self.done.len();
        spent / self.done.len().max(1) as f64 * left as f64
    }

    /// Looks whether a point is done by now.
    fn look(&mut self, index: usize) -> Result<bool, Error> {
        if self.done.contains_key(&index) {
            return Ok(true);
        }
        let Some(folder) = &self.folder else {
            return Ok(false);
        };
        let path = points_of(folder).join(key(&self.points[index]) + ".json");
        match read(&path)? {
            Some(row)
                if row.point == self.points[index] && !(self.retry && row.error.is_some()) =>
            {
                self.done.insert(index, row);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

fn points_of(folder: &Path) -> PathBuf {
    folder.join("points")
}

/// A row; none where there is no file.
fn read(path: &Path) -> Result<Option<Row>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(auricle_audio::Error::file(path, error).into()),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let message = format!("this is no result of a study: {error}");
        auricle_audio::Error::Callback(format!("`{}`: {message}", path.display())).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn axes() -> Vec<Axis> {
        vec![
            ("a".into(), vec![json!(1), json!(2)]),
            ("b".into(), vec![json!("x"), json!("y, z")]),
        ]
    }

    fn found(value: f64) -> Result<BTreeMap<String, Value>, String> {
        Ok([("accuracy".to_owned(), json!(value))].into())
    }

    #[test]
    fn a_study_goes_on_where_it_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut study = Study::new(&axes(), Some(folder.path()), false).unwrap();
        assert!(study.begin(0).unwrap() && study.begin(1).unwrap());
        study.finish(0, found(0.5), 1.0).unwrap();
        // What was begun and not finished is forgotten with the process.
        drop(study);
        let mut study = Study::new(&axes(), Some(folder.path()), false).unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|i| study.begin(i).unwrap()),
            [false, true, true, true]
        );
        study.finish(1, Err("no".into()), 1.0).unwrap();
        study.finish(3, found(0.7), 2.0).unwrap();
        assert_eq!((study.n_done(), study.seconds_left()), (3, 4.0 / 3.0));
        let mut again = Study::new(&axes(), Some(folder.path()), true).unwrap();
        assert!(
            again.begin(1).unwrap(),
            "what failed is tried again when asked"
        );
        let csv = std::fs::read_to_string(folder.path().join("results.csv")).unwrap();
        assert_eq!(
            csv,
            "a,b,accuracy,seconds,error\n1,x,0.5,1,\n1,\"y, z\",,1,no\n2,\"y, z\",0.7,2,\n"
        );
    }

    #[test]
    fn no_point_is_done_twice_by_several_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let values: Vec<Value> = (0..40).map(|i| json!(i)).collect();
        let axes = vec![("i".to_owned(), values)];
        let done: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut study = Study::new(&axes, Some(folder.path()), false).unwrap();
                        let mut n = 0;
                        for index in 0..study.n_points() {
                            if study.begin(index).unwrap() {
                                study.finish(index, found(index as f64), 0.0).unwrap();
                                n += 1;
                            }
                        }
                        n
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert_eq!(done, 40);
        assert_eq!(Study::load(folder.path()).unwrap().rows.len(), 40);
    }

    #[test]
    fn means_over_an_axis_have_intervals() {
        let axes = vec![
            ("model".to_owned(), vec![json!("a"), json!("b")]),
            ("seed".to_owned(), vec![json!(0), json!(1), json!(2)]),
        ];
        let mut study = Study::new(&axes, None, false).unwrap();
        for index in 0..6 {
            assert!(study.begin(index).unwrap());
            study.finish(index, found(index as f64), 0.0).unwrap();
        }
        let results = study.results().unwrap();
        let means = results.over("seed").unwrap();
        assert_eq!(means.rows.len(), 2);
        let first = &means.rows[0].figures["accuracy"];
        assert_eq!(
            (first["mean"].as_f64(), first["n"].as_u64()),
            (Some(1.0), Some(3))
        );
        // Student's interval of 0, 1 and 2: 1 -+ 4.3027 / sqrt(3).
        assert!((first["low"].as_f64().unwrap() - (1.0 - 4.302_652_7 / 3f64.sqrt())).abs() < 1e-6);
        assert!(results.over("colour").is_err());
        let figure = results.matrix("model", "seed", "accuracy").unwrap();
        let auricle_figure::Content::Matrix(matrix) = figure.content else {
            panic!("a matrix");
        };
        assert_eq!(matrix.values[0], [0.0, 1.0, 2.0, 1.0]);
        assert_eq!(matrix.values[2], [1.5, 2.5, 3.5, 2.5]);
    }
}
