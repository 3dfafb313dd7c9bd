//! The files that come with the crate: a new intent is a file and a line here.

macro_rules! files {
    ($($file:literal),* $(,)?) => {
        /// Name and text of each file; shared rules first.
        pub(super) const FILES: &[(&str, &str)] =
            &[$(($file, include_str!(concat!("../../catalogue/", $file)))),*];
    };
}

files![
    "_shared.toml",
    "none.toml",
    "deploy_service.toml",
    "remove_service.toml",
    "restart_service.toml",
    "show_status.toml",
];
