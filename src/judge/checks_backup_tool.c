/*
 * judge/checks_backup_tool.c
 *		Checks of what backup tools tell, and of backups compared with their manifests.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

/*
 * 0: the tool finds nothing wrong; 1: it does; 2: and has no backup either.  What a command has not
 * told is not known.
 */
static bool
get_trouble(const Fact *fact, double *value)
{
	double code;
	double backups;

	if (!dbops_term_get(fact, "status_code", &code))
		return false;
	if (code == 0)
		*value = 0;
	else
		*value = dbops_term_get(fact, "backups", &backups) && backups > 0 ? 1 : 2;
	return true;
}

/* The command itself may have failed before it ever told of a repository. */
static bool
has_told(const Fact *fact)
{
	double listed;

	return dbops_term_get(fact, "listed_at", &listed);
}

static bool
has_status(const Fact *fact)
{
	double code;

	return dbops_term_get(fact, "status_code", &code);
}

static bool
has_backups(const Fact *fact)
{
	double backups;

	return dbops_term_get(fact, "backups", &backups) && backups > 0;
}

static bool
unverified_for(const Fact *fact, double *value)
{
	if (!dbops_term_get(fact, "verified_at", value))
		*value = INFINITY;
	return true;
}

static const Check checks[] = {
    {
        .name = "backup command",
        .about = "Whether a command of dbops.backup_command fails",
        .family = &dbops_family_backup_repository,
        .scope = SCOPE_OBJECT,
        .column = "failing",
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"failing_since", "listed_at"},
        .points = 3,
        .why = "What the backup tool would tell of failed or missing backups is not seen",
        .what_to_do =
            "SELECT command, status, failing_since FROM dbops.backup_repositories WHERE stale;",
    },
    {
        .name = "backup catalogue",
        .about = "Time since the backups in a repository were last listed",
        .family = &dbops_family_backup_repository,
        .scope = SCOPE_OBJECT,
        .column = "listed_at",
        .applies = has_told,
        .columns = {"listed_at"},
        .warning = 2 * 3600,
        .critical = 24 * 3600,
        .evidence = {"failing", "backups"},
        .points = 3,
        .why = "What is known of the backups is old, and newer ones may have failed",
        .what_to_do = "SELECT * FROM dbops.backup_repositories; SELECT * FROM dbops.tasks();",
    },
    {
        .name = "backup repository",
        .about =
            "1 when the backup tool finds something wrong with a repository, 2 when it has no backup either",
        .family = &dbops_family_backup_repository,
        .scope = SCOPE_OBJECT,
        .value = get_trouble,
        .unit = UNIT_OF_FLAG,
        .applies = has_status,
        .columns = {"status_code", "backups"},
        .warning = 1,
        .critical = 2,
        .evidence = {"status_code", "backups"},
        .points = 5,
        .why = "Backups in it may not be there when they are needed",
        .what_to_do = "SELECT tool, server, repository, status FROM dbops.backup_repositories;",
    },
    {
        .name = "backup errors",
        .about = "Backups in which the backup tool found errors",
        .family = &dbops_family_backup_repository,
        .scope = SCOPE_OBJECT,
        .column = "erroneous",
        .applies = has_told,
        .columns = {"listed_at"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"erroneous", "backups", "newest_at"},
        .points = 5,
        .why = "Pages with wrong checksums were copied: the server's own data may be damaged",
        .what_to_do =
            "SELECT label, evidence FROM dbops.backups WHERE evidence <> ''; check the files with pg_amcheck and pg_checksums.",
    },
    {
        .name = "backup repository behind",
        .about =
            "Time from the newest backup in a repository to the newest of the same server in any",
        .family = &dbops_family_backup_repository,
        .scope = SCOPE_OBJECT,
        .column = "behind_seconds",
        .applies = has_backups,
        .columns = {"backups"},
        .warning = 2 * 86400,
        .critical = 8 * 86400,
        .evidence = {"newest_at", "backups"},
        .points = 2,
        .why = "When the other repository is lost, what was saved since is lost with it",
        .what_to_do =
            "SELECT server, repository, newest_at, behind FROM dbops.backup_repositories;",
    },
    {
        .name = "backup damaged",
        .about = "Backups that their last comparison with their manifest found damaged",
        .family = &dbops_family_verification,
        .scope = SCOPE_CLUSTER,
        .column = "damaged",
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"problems", "verified_at"},
        .points = 5,
        .why = "A damaged backup cannot be restored, or not whole",
        .what_to_do =
            "SELECT * FROM dbops.verifications WHERE state = 'damaged'; take another backup.",
    },
    {
        .name = "backup unverified",
        .about = "Time since a base backup was last compared with its manifest",
        .family = &dbops_family_verification,
        .scope = SCOPE_CLUSTER,
        .value = unverified_for,
        .unit = "seconds",
        .applies = has_backups,
        .columns = {"backups", "verified_at"},
        .warning = 90 * SECS_PER_DAY,
        .critical = NO_LIMIT,
        .evidence = {"backups", "verified", "verified_at"},
        .points = 1,
        .why = "That a backup was taken does not say that it can be read",
        .what_to_do = "SELECT * FROM dbops.verify_backup('<folder of the backup>');",
    },
};

const CheckTable dbops_checks_backup_tool = CHECK_TABLE(checks);
