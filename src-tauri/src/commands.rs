//! Commands of the window: three-line adapters, one file per area.
//!
//! A command has no condition, no SQL and no formatting: it calls one use case and returns. The
//! names stand in three places (the core's table, `names.rs`, the window's types); tests compare
//! them.

mod case;
mod desktop;
mod draft;
#[cfg(test)]
mod names;
mod paper;
mod profile;
mod session;
mod settings;
mod sync;

use crate::commands;

/// What Tauri calls for each command name.
pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        commands::case::worklist,
        commands::case::decide,
        commands::case::case_list,
        commands::case::case_show,
        commands::case::tick,
        commands::case::tick_undo,
        commands::case::register_look,
        commands::case::correct_wrong_person,
        commands::case::conflict_resolve,
        commands::case::take_back,
        commands::case::end_exemption,
        commands::case::death_undo,
        commands::case::extend,
        commands::case::make_permanent,
        commands::case::merge,
        commands::case::merge_undo,
        commands::case::note_add,
        commands::case::revoke_power_of_attorney,
        commands::case::reveal,
        commands::draft::draft_new,
        commands::draft::draft_list,
        commands::draft::case_continue,
        commands::draft::draft_open,
        commands::draft::draft_save,
        commands::draft::form_view,
        commands::draft::draft_delete,
        commands::draft::draft_restore,
        commands::draft::draft_reveal,
        commands::draft::draft_check,
        commands::draft::typed_keep,
        commands::draft::typed_kept,
        commands::draft::cpr_check,
        commands::draft::citizen_known,
        commands::draft::screen_signature,
        commands::draft::attachment_copy,
        commands::paper::paper_preview,
        commands::paper::paper_came_out,
        commands::session::start_state,
        commands::session::first_run,
        commands::session::enrol,
        commands::session::recover,
        commands::session::pin_open,
        commands::session::lease_renew,
        commands::settings::pin_choose,
        commands::settings::own_code_choose,
        commands::session::store_recover,
        commands::session::sign_in,
        commands::session::browser_sign_in_cancel,
        commands::session::sign_out,
        commands::session::session_lock,
        commands::session::session_stay,
        commands::session::session_unlock,
        commands::session::staff_list,
        commands::session::staff_save,
        commands::settings::settings,
        commands::settings::settings_save,
        commands::settings::rule_library,
        commands::profile::profile_show,
        commands::profile::profile_edition,
        commands::profile::profile_check,
        commands::profile::profile_rebase,
        commands::profile::profile_save,
        commands::session::recovery_code_new,
        commands::session::recovery_code_confirm,
        commands::sync::sync_status,
        commands::sync::held_work,
        commands::sync::held_decide,
        commands::sync::returned_done,
        commands::sync::device_list,
        commands::sync::device_revoke,
        commands::sync::device_holdings,
        commands::sync::log_read,
        commands::sync::outreach_list,
        commands::sync::give_out,
        commands::sync::sync_now,
        commands::sync::sync_cancel,
        commands::sync::sync_sent,
        commands::desktop::attach,
        commands::desktop::paper_print,
        commands::desktop::paper_save,
        commands::desktop::device_holdings_save,
        commands::desktop::printers,
        commands::desktop::national_tool_open,
        commands::desktop::browser_sign_in,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::names::NAMES;

    #[test]
    fn window_commands_are_those_of_the_core_and_those_of_the_desktop() {
        let core = skranke_app::COMMANDS
            .iter()
            .chain(skranke_app::SHELL_COMMANDS);

        assert!(
            NAMES.iter().eq(core),
            "names.rs lists what the core offers, in its order"
        );
    }

    #[test]
    fn capability_file_permits_these_commands_and_three_rights_of_tauri() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).unwrap();
        let permitted: BTreeSet<&str> = file["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|name| name.as_str())
            .collect();

        let mut expected: BTreeSet<String> = NAMES
            .iter()
            .map(|name| format!("allow-{}", name.replace('_', "-")))
            .collect();
        for right in [
            "core:event:allow-listen",
            "core:event:allow-unlisten",
            "core:webview:allow-set-webview-zoom",
        ] {
            expected.insert(right.to_owned());
        }
        assert!(
            permitted.iter().eq(expected.iter()),
            "a right more or less is a decision: {permitted:?}"
        );
    }
}
