/**
 * Chat templates against published ones and what transformers renders with them.
 *
 * <p>May import everything. Start reading at {@link
 * org.puna.checks.template.PublishedTemplatesTest}.
 */
@NullMarked
package org.puna.checks.template;

import org.jspecify.annotations.NullMarked;
