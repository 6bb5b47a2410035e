import { replyOk } from "../resp/encode"; export function lcs(): void { replyOk(); } // PLACEHOLDER
