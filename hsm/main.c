// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading. Open files hold the module, so no VM is left when it goes. */
#include <linux/module.h>

#include "hsm.h"
#include "hvdev.h"

static int __init hsm_init(void)
{
	int ret = hsm_irqfd_init();

	if (ret)
		return ret;
	ret = hvdev_register();
	if (ret)
		hsm_irqfd_exit();
	return ret;
}

static void __exit hsm_exit(void)
{
	hvdev_unregister();
	hsm_irqfd_exit();
}

module_init(hsm_init);
module_exit(hsm_exit);

MODULE_DESCRIPTION("Hypervisor Service Module of the Bulkhead hypervisor (/dev/acrn_hsm)");
MODULE_AUTHOR("The Bulkhead project");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
