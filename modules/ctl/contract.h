/* contract.h - part 2 of scim.sql for a database: the view of tokens, the
 * functions that manage them, and the rights of the module's role. It says
 * what conf/sql/scim.sql says for the reference application, in fewer words.
 */
#ifndef SCIM_CTL_CONTRACT_H
#define SCIM_CTL_CONTRACT_H

#include "ctl/proposal.h"

/** Append it. There must be columns for tenant, access and active. */
void scim_contract_write(scim_buf_t *buf, const scim_proposal_t *proposal);

#endif
