//! Paths as people write them: `~` is the user's folder.

use super::ScriptError;
use rhai::{Array, Dynamic};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// Names of parameters that are paths, of files and of folders: a name means one thing in the whole language.
const PATHS: [&str; 9] = [
    "path", "paths", "dir", "dirs", "out", "file", "files", "folder", "csv",
];

/// Whether a parameter of a name is a path.
pub(super) fn is_path(name: &str) -> bool {
    PATHS.contains(&name)
}

/// A path, or an array of paths, with the user's folder in the place of `~`.
pub(super) fn expanded(
    name: &str,
    value: &Dynamic,
    home: Option<&Path>,
) -> Result<Option<Dynamic>, ScriptError> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(expanded_text(name, &text, home)?.map(Dynamic::from));
    }
    let Ok(array) = value.as_array_ref() else {
        return Ok(None);
    };
    if !array.iter().any(|item| {
        item.as_immutable_string_ref()
            .is_ok_and(|text| text.starts_with('~'))
    }) {
        return Ok(None);
    }
    let one = |item: &Dynamic| Ok(expanded(name, item, home)?.unwrap_or_else(|| item.clone()));
    let all: Array = array.iter().map(one).collect::<Result<_, ScriptError>>()?;
    Ok(Some(Dynamic::from_array(all)))
}

/// A path whose first part may be `~`; `name` is what errors call it.
pub(crate) fn path_at_home(name: &str, text: &str) -> Result<PathBuf, ScriptError> {
    let whole = expanded_text(name, text, std::env::home_dir().as_deref())?;
    Ok(whole.map_or_else(|| text.into(), PathBuf::from))
}

pub(super) fn expanded_text(
    name: &str,
    text: &str,
    home: Option<&Path>,
) -> Result<Option<String>, ScriptError> {
    let Some(rest) = text.strip_prefix('~') else {
        return Ok(None);
    };
    let below = match rest.strip_prefix(['/', MAIN_SEPARATOR]) {
        Some(below) => below,
        None if rest.is_empty() => "",
        None => {
            let message = format!(
                "`{name}` names the folder of another user, which is not looked up: {text:?}"
            );
            let hint = format!("write the whole path; a file whose name begins so is \"./{text}\"");
            return Err(ScriptError::new(message).hint(hint));
        }
    };
    let missing = || {
        ScriptError::new(format!(
            "`{name}` begins with `~`, but no folder of the user is known: {text:?}"
        ))
        .hint("write the whole path")
    };
    let home = home
        .and_then(Path::to_str)
        .ok_or_else(missing)?
        .trim_end_matches(['/', MAIN_SEPARATOR]);
    Ok(Some(if below.is_empty() {
        home.to_owned()
    } else {
        format!("{home}{MAIN_SEPARATOR}{below}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_folder_stands_for_its_sign() {
        let home = Path::new("/h/ann/");
        let text = |text: &str| {
            expanded("path", &text.into(), Some(home)).map(|x| x.map(|x| x.to_string()))
        };
        assert_eq!(text("~"), Ok(Some("/h/ann".into())));
        assert_eq!(text("~/a/b.wav"), Ok(Some("/h/ann/a/b.wav".into())));
        assert_eq!(text("a/~/b"), Ok(None));
        assert!(
            text("~bob/a.wav")
                .unwrap_err()
                .message
                .contains("another user")
        );
        assert!(
            expanded("path", &"~/a".into(), None)
                .unwrap_err()
                .message
                .contains("no folder of the user")
        );
        let list = Dynamic::from_array(vec!["~/a".into(), "b".into()]);
        let list = expanded("paths", &list, Some(home))
            .unwrap()
            .unwrap()
            .into_array()
            .unwrap();
        assert!(list[0].to_string().ends_with("ann/a") && list[1].to_string() == "b");
        assert_eq!(
            expanded("path", &3_i64.into(), Some(home)).map(|x| x.is_none()),
            Ok(true)
        );
    }
}
