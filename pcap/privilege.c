#include "pcap/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* privilege_target finds whom to become.  Returns NULL when there is no such
   user. */
static const struct passwd *privilege_target(const char *user) {
  const char *sudo = getenv("SUDO_USER");

  if (user) {
    return getpwnam(user);
  }
  if (sudo && *sudo && strcmp(sudo, "root") != 0) {
    const struct passwd *pw = getpwnam(sudo);

    if (pw) {
      return pw;
    }
  }
  return getpwnam("nobody");
}

static bool privilege_fail(char *why, size_t cap, const char *what) {
  snprintf(why, cap, "%s: %s", what, strerror(errno));
  return false;
}

static bool privilege_drop_capabilities(char *why, size_t cap) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];

  memset(data, 0, sizeof(data));
  if (syscall(SYS_capset, &header, data) != 0) {
    return privilege_fail(why, cap, "dropping capabilities");
  }
  return true;
}

bool qd_privilege_drop(const char *user, char *why, size_t cap) {
  const struct passwd *pw;

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return privilege_fail(why, cap, "no_new_privs");
  }
  if (user && strcmp(user, "root") == 0) {
    return true;
  }
  if (geteuid() != 0) {
    if (user) {
      snprintf(why, cap, "only root can become %s", user);
      return false;
    }
    return privilege_drop_capabilities(why, cap);
  }
  pw = privilege_target(user);
  if (!pw || pw->pw_uid == 0) {
    snprintf(why, cap, "no user %s to become; name one with -Z",
             user ? user : "nobody");
    return false;
  }
  /* The bounding set can only shrink while the capability is still there. */
  for (int c = 0; prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0; c++) {
    /* to the last one that the kernel knows */
  }
  if (setgroups(0, NULL) != 0 ||
      setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
      setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0) {
    return privilege_fail(why, cap, "changing the user");
  }
  if (!privilege_drop_capabilities(why, cap)) {
    return false;
  }
  if (setuid(0) == 0) {
    snprintf(why, cap, "root could be taken back");
    return false;
  }
  return true;
}
