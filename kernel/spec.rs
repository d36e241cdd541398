//! Kernelspecs: how Jupyter finds the program and starts it.

use crate::Error;
use crate::error::write;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Where a kernelspec is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The user's own folder.
    User,
    /// The Python environment that is active.
    SysPrefix,
    /// `share/jupyter/kernels` below a folder.
    Prefix(PathBuf),
}

/// What Jupyter is told of the kernel.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The program that serves.
    pub program: PathBuf,
    /// Name of the folder, by which notebooks refer to the kernel.
    pub name: String,
    /// Name that people see.
    pub display_name: String,
    /// Environment variables the kernel is started with.
    pub env: Vec<(String, String)>,
}

/// Pictures that front ends show for the kernel: those that draw vectors take the first.
const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-svg.svg", include_bytes!("logo-svg.svg")),
    ("logo-64x64.png", include_bytes!("logo-64x64.png")),
    ("logo-32x32.png", include_bytes!("logo-32x32.png")),
];

impl Place {
    /// The folder of kernelspecs.
    fn folder(&self) -> Result<PathBuf, Error> {
        match self {
            Place::User => Ok(user_data().ok_or(Error::NoHome)?.join("kernels")),
            Place::SysPrefix => active_environment()
                .map(|dir| below(&dir))
                .ok_or(Error::NoEnvironment),
            Place::Prefix(dir) => Ok(below(dir)),
        }
    }
}

fn below(prefix: &Path) -> PathBuf {
    prefix.join("share").join("jupyter").join("kernels")
}

fn folder_of(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn active_environment() -> Option<PathBuf> {
    folder_of("VIRTUAL_ENV").or_else(|| folder_of("CONDA_PREFIX"))
}

/// Jupyter's folder of user data, as "Common Directories and File Locations" of its documentation has it.
fn user_data() -> Option<PathBuf> {
    if let Some(dir) = folder_of("JUPYTER_DATA_DIR") {
        return Some(dir);
    }
    match std::env::consts::OS {
        "macos" => dirs::home_dir().map(|home| home.join("Library").join("Jupyter")),
        _ => dirs::data_dir().map(|data| data.join("jupyter")),
    }
}

/// Installs the kernel; gives the folder it is in.
///
/// # Errors
/// The name is no folder's name, the place is not known, or a file cannot be written.
pub fn install(installation: &Installation, place: &Place) -> Result<PathBuf, Error> {
    check(&installation.name)?;
    let dir = place.folder()?.join(&installation.name);
    std::fs::create_dir_all(&dir).map_err(|error| Error::file(&dir, error))?;
    let env: Map<String, Value> = installation
        .env
        .iter()
        .map(|(k, v)| (k.clone(), v.clone().into()))
        .collect();
    let spec = json!({
        "argv": [installation.program, "kernel", "run", "-f", "{connection_file}"],
        "display_name": installation.display_name,
        "language": "rhai",
        "interrupt_mode": "message",
        "kernel_protocol_version": "5.5",
        "env": env,
        "metadata": { "debugger": false },
    });
    for (name, file) in LOGOS {
        write(&dir.join(name), file)?;
    }
    write(&dir.join("kernel.json"), format!("{spec:#}\n").as_bytes())?;
    Ok(dir)
}

/// Removes the kernel from every place that Jupyter looks in, or from one; gives the folders that are gone.
///
/// # Errors
/// It is nowhere, or a folder cannot be removed.
pub fn uninstall(name: &str, place: Option<&Place>) -> Result<Vec<PathBuf>, Error> {
    check(name)?;
    let folders = match place {
        Some(place) => vec![place.folder()?],
        None => places(),
    };
    let found: Vec<PathBuf> = folders
        .iter()
        .map(|dir| dir.join(name))
        .filter(|dir| is_ours(dir))
        .collect();
    if found.is_empty() {
        return Err(Error::NotInstalled {
            name: name.to_owned(),
            looked_in: folders,
        });
    }
    for dir in &found {
        std::fs::remove_dir_all(dir).map_err(|error| Error::file(dir, error))?;
    }
    Ok(found)
}

/// The installed kernels of this language: names and folders.
pub fn list() -> Vec<(String, PathBuf)> {
    let entries = places()
        .into_iter()
        .filter_map(|dir| std::fs::read_dir(dir).ok())
        .flatten()
        .flatten();
    let ours = entries.map(|entry| entry.path()).filter(|dir| is_ours(dir));
    let mut found: Vec<(String, PathBuf)> = ours
        .filter_map(|dir| Some((dir.file_name()?.to_str()?.to_owned(), dir)))
        .collect();
    found.sort();
    found
}

/// The folders of kernelspecs that Jupyter looks in.
fn places() -> Vec<PathBuf> {
    let extra = std::env::var_os("JUPYTER_PATH").unwrap_or_default();
    let extra: Vec<PathBuf> = std::env::split_paths(&extra)
        .filter(|dir| !dir.as_os_str().is_empty())
        .collect();
    let known = extra
        .into_iter()
        .chain(user_data())
        .map(|dir| dir.join("kernels"));
    let system = ["/usr/local", "/usr"].map(PathBuf::from);
    let mut all: Vec<PathBuf> = known.collect();
    all.extend(
        active_environment()
            .into_iter()
            .chain(system)
            .map(|prefix| below(&prefix)),
    );
    let mut seen = std::collections::HashSet::new();
    all.retain(|dir| seen.insert(dir.clone()));
    all
}

/// Whether a folder holds a kernelspec of this language.
fn is_ours(dir: &Path) -> bool {
    let spec = std::fs::read_to_string(dir.join("kernel.json")).ok();
    let spec = spec
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .unwrap_or_default();
    spec["language"] == "rhai" && spec["argv"][1] == "kernel"
}

fn check(name: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
        return Err(Error::Name(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_installed_and_removed() {
        let prefix = tempfile::tempdir().unwrap();
        let place = Place::Prefix(prefix.path().into());
        let mut installation = Installation {
            program: "/opt/auricle".into(),
            name: "auricle".into(),
            display_name: "Auricle".into(),
            env: vec![("THREADS".into(), "2".into())],
        };
        let dir = install(&installation, &place).unwrap();
        assert_eq!(dir, prefix.path().join("share/jupyter/kernels/auricle"));
        let spec: Value =
            serde_json::from_str(&std::fs::read_to_string(dir.join("kernel.json")).unwrap())
                .unwrap();
        assert_eq!(
            spec["argv"],
            json!(["/opt/auricle", "kernel", "run", "-f", "{connection_file}"])
        );
        assert_eq!(
            (&spec["interrupt_mode"], &spec["env"]["THREADS"]),
            (&json!("message"), &json!("2"))
        );
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 4);
        for side in [32_u32, 64] {
            // Width and height of a PNG file stand behind its signature and the name of its first chunk.
            let file = std::fs::read(dir.join(format!("logo-{side}x{side}.png"))).unwrap();
            assert_eq!(
                file[16..24],
                [side.to_be_bytes(), side.to_be_bytes()].concat()
            );
        }
        installation.name = "../evil".into();
        assert!(matches!(
            install(&installation, &place),
            Err(Error::Name(_))
        ));
        assert_eq!(uninstall("auricle", Some(&place)).unwrap(), [dir]);
        assert!(matches!(
            uninstall("auricle", Some(&place)),
            Err(Error::NotInstalled { .. })
        ));
    }
}
