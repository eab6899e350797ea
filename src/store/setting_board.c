/*
 * store/setting_board.c
 *		The board of compared settings; see setting_board.h.
 */
#include "postgres.h"

#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/compat.h"
#include "store/setting_board.h"

typedef struct Board
{
	LWLock lock;
	SettingBoard content;
} Board;

static Board *board = NULL;

const char *const dbops_setting_scopes[] = {
    [SETTINGS_OF_SERVER] = "server",
    [SETTINGS_OF_ALL_ROLES] = "all roles",
    [SETTINGS_OF_DATABASE] = "database",
    [SETTINGS_OF_ROLE] = "role",
    [SETTINGS_OF_ROLE_IN_DATABASE] = "role in database",
    NULL,
};

Size
dbops_setting_board_shmem_size(void)
{
	return MAXALIGN(sizeof(Board));
}

void
dbops_setting_board_shmem_init(void)
{
	bool found;

	board = ShmemInitStruct("dbops settings", dbops_setting_board_shmem_size(), &found);
	if (found)
		return;
	memset(board, 0, sizeof(*board));
	LWLockInitialize(&board->lock, dbops_compat_new_tranche("dbops_settings"));
}

void
dbops_setting_board_publish(const SettingBoard *content)
{
	Size size = offsetof(SettingBoard, settings) + sizeof(ComparedSetting) * content->count;

	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	memcpy(&board->content, content, size);
	LWLockRelease(&board->lock);
}

SettingBoard *
dbops_setting_board_copy(void)
{
	SettingBoard *copy;

	if (board == NULL)
		return NULL;
	copy = palloc(sizeof(SettingBoard));
	LWLockAcquire(&board->lock, LW_SHARED);
	memcpy(copy, &board->content,
	       offsetof(SettingBoard, settings) + sizeof(ComparedSetting) * board->content.count);
	LWLockRelease(&board->lock);
	return copy;
}
