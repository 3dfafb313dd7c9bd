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
    "compliance_check.toml",
    "deploy_service.toml",
    "discover_network.toml",
    "explain_decision.toml",
    "plan_capacity.toml",
    "remove_service.toml",
    "restart_service.toml",
    "restore_backup.toml",
    "rollback_service.toml",
    "rotate_secret.toml",
    "run_backup.toml",
    "scale_service.toml",
    "show_alerts.toml",
    "show_logs.toml",
    "show_status.toml",
    "silence_alert.toml",
    "subscribe_alerts.toml",
    "update_service.toml",
];
