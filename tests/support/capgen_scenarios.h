#ifndef TESTS_SUPPORT_CAPGEN_SCENARIOS_H
#define TESTS_SUPPORT_CAPGEN_SCENARIOS_H

/* The tables of scenarios, one of each file; a row without a name ends it. */

#include "tests/support/capgen.h"

extern const capgen_scenario capgen_keys_scenarios[];
extern const capgen_scenario capgen_loss_scenarios[];
extern const capgen_scenario capgen_paths_scenarios[];
extern const capgen_scenario capgen_versions_scenarios[];
extern const capgen_scenario capgen_frames_scenarios[];
extern const capgen_scenario capgen_odd_scenarios[];
extern const capgen_scenario capgen_files_scenarios[];
extern const capgen_scenario capgen_demo_scenarios[];
extern const capgen_scenario capgen_shows_scenarios[];
extern const capgen_scenario capgen_messages_scenarios[];
extern const capgen_scenario capgen_streams_scenarios[];
extern const capgen_scenario capgen_rules_scenarios[];
extern const capgen_scenario capgen_closes_scenarios[];
extern const capgen_scenario capgen_apps_scenarios[];
extern const capgen_scenario capgen_audit_scenarios[];
extern const capgen_scenario capgen_views_scenarios[];

#define CAPGEN_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* capgen_bye closes |c| from the client's side, as an application does. */
void capgen_bye(capgen_conn *c);

/* capgen_whole makes a small connection from hello to close. */
void capgen_whole(capgen_conn *c);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_SCENARIOS_H) */
