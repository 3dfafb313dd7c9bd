# A sample stack: a notice board that exists in OpenTofu's state alone, because `terraform_data` needs no provider and no
# machine. With it a plan, an approval and a run can be tried anywhere; `ralf lab --with tofu` brings a copy of it.
#
# Say "Install noticeboard" to R.A.L.F., then change something in here and say it again:
#   - `text`     changes the board in place,
#   - `edition`  replaces it: the old one is destroyed, a new one made, and the proposal says so,
#   - "Remove noticeboard" destroys it.
# `pin` is sensitive and never shown.

variable "text" {
  description = "What stands on the board."
  type        = string
  default     = "Welcome to the lab"
}

variable "edition" {
  description = "Another edition is another board."
  type        = number
  default     = 1
}

variable "pin" {
  description = "Who may take a note away has to know it. Give it in a *.tfvars file; this one is only for trying."
  type        = string
  sensitive   = true
  default     = "pin-4711-sample"
}

variable "journal" {
  description = "A file that gets a line each time a board is really made or destroyed: `<unix ms> <what> <id>`."
  type        = string
  default     = "/tmp/noticeboard.journal"
}

resource "terraform_data" "board" {
  input = {
    text    = var.text
    pin     = var.pin
    journal = var.journal
  }
  triggers_replace = [var.edition]

  provisioner "local-exec" {
    command     = "echo \"$(date +%s%3N) create $ID\" >> \"$JOURNAL\""
    environment = { ID = self.id, JOURNAL = self.output.journal }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "echo \"$(date +%s%3N) destroy $ID\" >> \"$JOURNAL\""
    environment = { ID = self.id, JOURNAL = self.output.journal }
  }
}

output "board" {
  description = "The id of the board."
  value       = terraform_data.board.id
}
